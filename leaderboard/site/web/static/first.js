// Before anything is drawn: what only scripts can do is shown only where there are scripts.
document.documentElement.classList.remove("no-js");
