// Before anything is drawn: what only scripts can do is shown only where there are scripts, and the
// colours are those that the reader has chosen, where the browser keeps such things.
document.documentElement.classList.remove("no-js");
try {
  const theme = localStorage.getItem("theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // Nothing is kept: the system's colours.
}
