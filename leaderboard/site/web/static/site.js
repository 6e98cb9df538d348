/* Sorting, filters and columns of the tables, all of it kept in the address: a view can be shared.
   The tables are there without this script. */
"use strict";

/** Of each table with a form: what the address says, what the form says, what is shown. */
const views = [];

/** The address holds "#?table.setting=value&…"; other fragments lead to a place in the page. */
function readAddress() {
  const text = location.hash.startsWith("#?") ? location.hash.slice(2) : "";
  return new URLSearchParams(text);
}

function writeAddress() {
  const all = new URLSearchParams();
  for (const view of views) {
    for (const [name, value] of Object.entries(view.settings())) {
      all.set(`${view.name}.${name}`, value);
    }
  }
  const text = all.toString();
  if (text || location.hash.startsWith("#?")) {
    history.replaceState(null, "", text ? `#?${text}` : location.pathname.split("/").pop() || ".");
  }
}

class View {
  constructor(table) {
    this.name = table.id;
    this.form = document.querySelector(`form.view[data-for="${CSS.escape(table.id)}"]`);
    this.heads = [...table.querySelectorAll("thead th")];
    this.keys = this.heads.map((head) => head.dataset.key);
    this.usual = this.heads.map((head) => !head.classList.contains("extra"));
    for (const cell of table.querySelectorAll(".extra")) cell.classList.remove("extra");
    this.chosen = new Map(); // column → shown, where the reader has said so
    this.quiet = false;
    this.grid = new DataTable(table, {
      autoWidth: false,
      info: false,
      order: [],
      paging: false,
      layout: { topStart: null, topEnd: null, bottomStart: null, bottomEnd: null },
      columnDefs: [
        { targets: "number", type: "num", orderSequence: ["desc", "asc", ""] },
        { targets: "_all", orderSequence: ["asc", "desc", ""] },
      ],
    });
    if (this.form) this.listen();
    this.apply(readAddress());
    this.grid.on("order", () => this.quiet || writeAddress());
  }

  listen() {
    const list = this.form.querySelector(".columns fieldset");
    this.keys.forEach((key, place) => {
      if (place === 0) return; // the names of the rows stay
      const label = document.createElement("label");
      const box = document.createElement("input");
      box.type = "checkbox";
      box.dataset.place = place;
      label.append(box, ` ${key}`);
      list.append(label);
    });
    this.boxes = [...list.querySelectorAll("input")];
    this.form.addEventListener("submit", (event) => event.preventDefault());
    this.form.addEventListener("input", (event) => {
      const place = event.target.dataset.place;
      if (place !== undefined) this.chosen.set(Number(place), event.target.checked);
      const narrowed = ["family", "group"].includes(event.target.name);
      this.show(narrowed);
      writeAddress();
    });
    this.form.addEventListener("reset", () => {
      setTimeout(() => {
        this.chosen.clear();
        this.order([]);
        this.show(false);
        writeAddress();
      });
    });
    this.grid.search.fixed("view", (_text, _data, index) => this.wanted(this.grid.row(index).node()));
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.form.querySelector(".columns").open = false;
    });
  }

  field(name) {
    return this.form && this.form.elements.namedItem(name);
  }

  value(name) {
    const field = this.field(name);
    return field ? field.value : "";
  }

  /** Say whether a row is asked for. */
  wanted(row) {
    const { role, checked, reads } = row.dataset;
    const levels = ["self-reported", "re-scored", "re-run"];
    const least = this.value("checked");
    return (
      (this.field("controls").checked || role !== "control") &&
      (!least || levels.indexOf(checked) >= levels.indexOf(least)) &&
      (!this.value("reads") || (reads || "").split(" ").includes(this.value("reads")))
    );
  }

  /** Say whether a column is shown if the reader has not chosen. */
  usually(place) {
    const { family, group } = this.heads[place].dataset;
    if (!group) return this.usual[place];
    const [one, other] = [this.value("family"), this.value("group")];
    if (!one && !other) return this.usual[place];
    const right = other ? group === other : family === one || group === "score";
    return (one ? family === one : true) && right;
  }

  show(narrowed) {
    const shown = this.keys.map((_, place) => this.chosen.get(place) ?? this.usually(place));
    shown.forEach((seen, place) => {
      if (this.grid.column(place).visible() !== seen) this.grid.column(place).visible(seen, false);
    });
    for (const box of this.boxes || []) box.checked = shown[box.dataset.place];
    if (this.form) this.grid.search(this.value("q"));
    if (narrowed) {
      const asked = this.value("family") || this.value("group");
      const first = shown.findIndex((seen, place) => seen && this.heads[place].dataset.group);
      this.order(asked && first >= 0 ? [[first, "desc"]] : []);
    }
    this.grid.draw();
    this.count();
  }

  count() {
    const output = this.form && this.form.querySelector("output");
    if (!output) return;
    const [seen, all] = [this.grid.rows({ search: "applied" }).count(), this.grid.rows().count()];
    output.textContent = seen === all ? "" : `${seen} of ${all} rows`;
  }

  order(columns) {
    this.quiet = true;
    this.grid.order(columns).draw();
    this.quiet = false;
  }

  /** Give all that differs from the page as it was sent. */
  settings() {
    const found = {};
    for (const name of ["q", "family", "group", "checked", "reads"]) {
      if (this.value(name)) found[name] = this.value(name);
    }
    if (this.form && !this.field("controls").checked) found.controls = "off";
    for (const [name, seen] of [["show", true], ["hide", false]]) {
      const keys = [...this.chosen].filter(([, one]) => one === seen).map(([one]) => this.keys[one]);
      if (keys.length) found[name] = keys.join("|");
    }
    const [first] = this.grid.order();
    if (first && first[1]) found.sort = `${this.keys[first[0]]}|${first[1]}`;
    return found;
  }

  /** Show what an address asks for; what it does not know is left out. */
  apply(address) {
    const asked = (name) => address.get(`${this.name}.${name}`) || "";
    if (this.form) {
      for (const name of ["q", "family", "group", "checked", "reads"]) {
        const field = this.field(name);
        if (!field) continue;
        field.value = asked(name);
        if (field.selectedIndex === -1) field.value = "";
      }
      this.field("controls").checked = asked("controls") !== "off";
    }
    this.chosen.clear();
    for (const [name, seen] of [["show", true], ["hide", false]]) {
      for (const key of asked(name).split("|")) {
        const place = this.keys.indexOf(key);
        if (place > 0) this.chosen.set(place, seen);
      }
    }
    const [key, direction] = asked("sort").split("|");
    const place = this.keys.indexOf(key);
    this.show(true);
    if (place >= 0 && ["asc", "desc"].includes(direction)) this.order([[place, direction]]);
  }
}

/** Let the reader change between light and dark; what the system has needs no memory. */
function offerThemes() {
  const root = document.documentElement;
  const button = document.querySelector("button.theme");
  const system = matchMedia("(prefers-color-scheme: dark)");
  const usual = () => (system.matches ? "dark" : "light");
  const other = () => ((root.dataset.theme || usual()) === "dark" ? "light" : "dark");
  const name = () => (button.textContent = other() === "dark" ? "Dark" : "Light");
  button.addEventListener("click", () => {
    const theme = other();
    if (theme === usual()) delete root.dataset.theme;
    else root.dataset.theme = theme;
    try {
      if (theme === usual()) localStorage.removeItem("theme");
      else localStorage.setItem("theme", theme);
    } catch {
      // It holds for this page.
    }
    name();
  });
  system.addEventListener("change", name);
  name();
}

/** Open the part of a page that an address leads to. */
function open() {
  if (location.hash.length < 2 || location.hash.startsWith("#?")) return;
  const part = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (part instanceof HTMLDetailsElement) {
    part.open = true;
    part.scrollIntoView();
  }
}

for (const table of document.querySelectorAll("table.sortable")) views.push(new View(table));
offerThemes();
open();
addEventListener("hashchange", () => {
  const address = readAddress();
  if (location.hash === "" || location.hash.startsWith("#?")) {
    for (const view of views) view.apply(address);
  }
  open();
});
document.documentElement.dataset.ready = "yes";
