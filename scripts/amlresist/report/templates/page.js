"use strict";
// Makes the page's plain tables sortable, searchable and exportable, and lets the reader move the
// threshold of the labels. Without this script the page still shows every row and every reason.

const data = JSON.parse(document.getElementById("page-data").textContent);
document.documentElement.classList.add("js");

const all = (selector, root = document) => [...root.querySelectorAll(selector)];

function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

// ---- tables as text -> rows -------------------------------------------------------------------

const parsed = new Map();

function sourceTable(name) {
  if (!parsed.has(name)) {
    const [header, ...lines] = data.tables[name].trimEnd().split("\n").map((l) => l.split("\t"));
    parsed.set(name, { header, lines });
  }
  return parsed.get(name);
}

function sourceRecords(name) {
  const { header, lines } = sourceTable(name);
  return lines.map((cells) => Object.fromEntries(cells.map((cell, i) => [header[i], cell])));
}

// ---- export -----------------------------------------------------------------------------------

// A spreadsheet runs cells that start like a formula; an apostrophe keeps them text.
const inertCell = (text) =>
  /^[=+\-@\t\r]/.test(text) && Number.isNaN(Number(text)) ? `'${text}` : text;

const tsv = (rows) => rows.map((cells) => cells.map(inertCell).join("\t")).join("\n") + "\n";

function save(name, type, text) {
  const url = URL.createObjectURL(new Blob([text], { type }));
  make("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

const patientName = (name) => `${document.body.dataset.subject || "amlresist"}_${name}`;

function cellText(cell) {
  return cell.innerText.replace(/\s+/g, " ").trim();
}

function exportTable(box) {
  const table = box.querySelector("table");
  const shown = all("tbody", table).filter((body) => !body.hidden);
  const name = box.dataset.source;
  if (name && shown.every((body) => body.dataset.row)) {
    const { header, lines } = sourceTable(name);
    save(patientName(name), "text/tab-separated-values",
      tsv([header, ...shown.map((body) => lines[Number(body.dataset.row)])]));
    return;
  }
  const rows = shown.map((body) => [...body.rows[0].cells].map(cellText));
  save(patientName(`${table.id}.tsv`), "text/tab-separated-values",
    tsv([[...table.tHead.rows[0].cells].map(cellText), ...rows]));
}

// ---- sort, search, filter ---------------------------------------------------------------------

const cellOf = (body, column) => body.rows[0].cells[column];
const valueOf = (cell) => cell.dataset.value ?? cell.textContent.trim();

function compareValues(a, b) {
  const [x, y] = [parseFloat(a), parseFloat(b)];
  const numeric = !Number.isNaN(Number(a || NaN)) && !Number.isNaN(Number(b || NaN));
  return numeric ? x - y : a.localeCompare(b, "en", { numeric: true });
}

const isMissing = (text) => text === "" || text === "nan" || text === "None" || text === "–";

const AT_FIRST = 200; // rows of a long table that show before the reader asks for all

function showFirst(table) {
  all(":scope > tbody", table).forEach((body, i) => body.classList.toggle("later", i >= AT_FIRST));
}

function sortBy(table, header) {
  const column = header.cellIndex;
  const up = header.getAttribute("aria-sort") !== "ascending";
  for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
  header.setAttribute("aria-sort", up ? "ascending" : "descending");
  const keyed = all(":scope > tbody", table).map((body) => [valueOf(cellOf(body, column)), body]);
  keyed.sort(([a], [b]) =>
    isMissing(a) - isMissing(b) || (up ? 1 : -1) * compareValues(a, b));
  table.append(...keyed.map(([, body]) => body));
  showFirst(table);
}

function addSorting(table) {
  for (const header of table.tHead.rows[0].cells) {
    if (header.dataset.sort === "no") continue;
    const button = make("button", { type: "button" });
    button.append(...header.childNodes);
    header.append(button);
    button.addEventListener("click", () => sortBy(table, header));
  }
}

function filterRows(box) {
  const words = box.search.value.toLowerCase().split(/\s+/).filter(Boolean);
  const isNarrowed = words.length > 0 || box.filters.some(({ select }) => select.value);
  box.table.classList.toggle("all", box.wantsAll || isNarrowed);
  let shown = 0;
  for (const body of box.bodies) {
    const text = (body.searchText ??= body.textContent.toLowerCase());
    const fits = box.filters.every(({ select, column }) =>
      !select.value || valueOf(cellOf(body, column)) === select.value);
    body.hidden = body.dataset.open === "no" || !fits || !words.every((word) => text.includes(word));
    shown += !body.hidden;
  }
  const total = box.bodies.filter((body) => body.dataset.open !== "no").length;
  if (box.bodies.length) box.element.classList.toggle("empty", total === 0);
  const isCut = total > AT_FIRST && !box.wantsAll && !isNarrowed;
  box.more.hidden = !isCut;
  const count = isCut ? `the first ${AT_FIRST} of ${total} rows` : `${total} rows`;
  box.shown.textContent = shown === total ? count : `${shown} of ${total} rows`;
}

function fillFilter(box, filter) {
  const chosen = filter.select.value;
  const names = new Map(box.bodies.map((body) => {
    const cell = cellOf(body, filter.column);
    return [valueOf(cell), (cell.dataset.words ?? cell.textContent).trim()];
  }));
  const sorted = [...names].sort(([, a], [, b]) => compareValues(a, b));
  filter.select.replaceChildren(new Option("all", ""), ...sorted.map(([v, n]) => new Option(n, v)));
  filter.select.value = names.has(chosen) ? chosen : "";
}

const SMALL = 6; // rows that one sees at a glance need no search

function addTools(element) {
  const table = element.querySelector("table");
  const bodies = all(":scope > tbody", table);
  const box = { element, table, bodies, filters: [], wantsAll: false };
  element.box = box;
  const title = table.caption.textContent.trim();
  box.search = make("input", { type: "search" });
  box.shown = make("span", { className: "shown" });
  box.shown.setAttribute("role", "status");
  const tools = make("div", { className: "tools" }, make("label", {}, "Search", box.search));
  for (const header of table.tHead.rows[0].cells) {
    if (header.dataset.filter === undefined) continue;
    const filter = { select: make("select"), column: header.cellIndex };
    filter.select.addEventListener("change", () => filterRows(box));
    const name = header.dataset.filter || header.textContent.trim();
    tools.append(make("label", {}, name, filter.select));
    box.filters.push(filter);
    fillFilter(box, filter);
  }
  const button = make("button", { type: "button", textContent: "Export TSV" });
  button.setAttribute("aria-label", `Export TSV: ${title}`);
  button.addEventListener("click", () => exportTable(element));
  box.more = make("button", { type: "button", textContent: "Show all rows", hidden: true });
  box.more.setAttribute("aria-label", `Show all rows: ${title}`);
  box.more.addEventListener("click", () => {
    box.wantsAll = true;
    filterRows(box);
  });
  tools.append(button, box.shown, box.more);
  if (bodies.length <= SMALL) {
    tools.classList.add("small");
    tools.replaceChildren(button);
  }
  box.search.addEventListener("input", () => filterRows(box));
  element.prepend(tools);
  addSorting(table);
  filterRows(box);
}

// ---- "why?" -----------------------------------------------------------------------------------

function addReasons() {
  for (const row of all("tr.why")) row.hidden = true;
  for (const button of all(".why-button")) {
    button.addEventListener("click", () => {
      const row = document.getElementById(button.getAttribute("aria-controls"));
      row.hidden = !row.hidden;
      button.setAttribute("aria-expanded", String(!row.hidden));
      for (const reads of all("[data-locus]", row)) {
        reads.scrollLeft = Number(reads.dataset.locus) - reads.clientWidth / 2;
      }
    });
  }
}

// ---- the reader's threshold (the same arithmetic as labels.py) --------------------------------

const posterior = (row, label) => Number(row[`p_${label}`]);
const isChange = (label) => data.changes.includes(label);
const unassayed = (row) => row.flags.split(";").some((flag) => flag.startsWith("not_assayed"));

function relabel(row, threshold) {
  if (isChange(row.variant_class)) {
    const q = row.q_value === "NA" ? 1 - Number(row.probability) : Number(row.q_value);
    return threshold >= data.runThreshold || q <= threshold ? row.variant_class : "not_evaluable";
  }
  if (row.variant_class !== "not_evaluable" || threshold <= data.runThreshold || unassayed(row)) {
    return row.variant_class;
  }
  const best = data.changes.reduce((a, b) => (posterior(row, b) > posterior(row, a) ? b : a));
  return 1 - posterior(row, best) <= threshold ? best : "not_evaluable";
}

function labelError(row, label) {
  if (label === "not_evaluable") return 0;
  const sure = Number(label === row.variant_class ? row.probability : posterior(row, label));
  return Number.isNaN(sure) ? 0 : 1 - sure;
}

const labelWords = { not_evaluable: "cannot be told" };
const say = (label) => labelWords[label] ?? label;

function showLabel(element, label) {
  element.dataset.label = label;
  for (const use of all("use", element)) use.setAttribute("href", `#m-${label}`);
  for (const chip of all("[data-label]", element)) chip.dataset.label = label;
  for (const text of all(".label-text", element)) text.textContent = say(label);
  for (const cell of all("[data-is-label]", element)) {
    cell.dataset.value = label;
    cell.dataset.words = say(label);
  }
}

function wrongText(wrong) {
  if (wrong === 0) return "0";
  if (wrong < 0.05) return "fewer than 0.1";
  return wrong < 20 ? wrong.toFixed(1) : Math.round(wrong).toLocaleString("en");
}

function showCounts(section, counts, wrong) {
  const name = section.dataset.comparison;
  const mine = (selector) => all(selector).filter((e) => e.dataset.comparison === name);
  for (const element of mine("[data-count]")) {
    element.textContent = String(counts[element.dataset.count] ?? 0);
  }
  for (const element of mine("[data-wrong]")) element.textContent = wrongText(wrong);
  const lists = mine("ul[data-names]");
  const items = lists.flatMap((list) => all("li", list));
  items.sort((a, b) => Number(a.dataset.variant) - Number(b.dataset.variant));
  for (const list of lists) {
    list.replaceChildren(...items.filter((item) => item.dataset.label === list.dataset.names));
    list.dataset.none = counts[list.dataset.names] ? "no driver among them" : "–";
  }
}

function applyThreshold(threshold) {
  const carried = sourceRecords("variants.tsv");
  const beyond = data.beyond.map((cells) =>
    Object.fromEntries(cells.map((cell, i) => [data.counted[i], cell])));
  const rows = [...carried, ...beyond];
  const isSomatic = (i) => i >= carried.length || data.somatic[i];
  const labels = rows.map((row, i) => (isSomatic(i) ? relabel(row, threshold) : row.variant_class));
  for (const element of all("[data-variant]")) {
    showLabel(element, labels[Number(element.dataset.variant)]);
  }
  for (const body of all("tbody[data-open]")) {
    body.dataset.open = labels[Number(body.dataset.row)] === "not_evaluable" ? "yes" : "no";
  }
  for (const section of all("section[data-comparison]")) {
    const counts = {};
    let wrong = 0;
    rows.forEach((row, i) => {
      if (row.comparison !== section.dataset.comparison || !isSomatic(i)) return;
      counts[labels[i]] = (counts[labels[i]] ?? 0) + 1;
      counts.told = (counts.told ?? 0) + (labels[i] !== "not_evaluable");
      wrong += labelError(row, labels[i]);
    });
    showCounts(section, counts, wrong);
  }
  for (const element of all(".table")) {
    if (!element.box || element.dataset.source !== "variants.tsv") continue;
    for (const body of element.box.bodies) delete body.searchText;
    for (const filter of element.box.filters) fillFilter(element.box, filter);
    filterRows(element.box);
  }
}

function thresholdText(threshold) {
  if (threshold === data.runThreshold) return "the run's own rule";
  const share = `${Number((100 * threshold).toPrecision(3))} %`;
  return threshold < data.runThreshold
    ? `an expected share of ${share} wrong labels`
    : `up to ${share} error of a single label`;
}

function addThreshold() {
  const sliders = all("input[data-threshold]");
  for (const slider of sliders) {
    slider.addEventListener("input", () => {
      const threshold = data.thresholds[Number(slider.value)];
      const text = thresholdText(threshold);
      for (const other of sliders) {
        other.value = slider.value;
        other.setAttribute("aria-valuetext", text);
      }
      for (const output of all("[data-threshold-text]")) output.textContent = text;
      applyThreshold(threshold);
    });
  }
}

// ---- whole tables, links into filtered tables ---------------------------------------------------

function addDownloads() {
  for (const button of all("button[data-download]")) {
    button.addEventListener("click", () => {
      const name = button.dataset.download;
      if (button.dataset.format === "json") {
        save(patientName(name.replace(/tsv$/, "json")), "application/json",
          JSON.stringify(sourceRecords(name), null, 1));
      } else {
        const { header, lines } = sourceTable(name);
        save(patientName(name), "text/tab-separated-values", tsv([header, ...lines]));
      }
    });
  }
}

function addFilterLinks() {
  for (const link of all("a[data-search]")) {
    link.addEventListener("click", () => {
      const { box } = document.querySelector(link.getAttribute("href")).querySelector(".table");
      box.filters[0].select.value = link.dataset.search;
      filterRows(box);
    });
  }
}

addReasons();
for (const element of all(".table")) addTools(element);
addThreshold();
addDownloads();
addFilterLinks();
// The first screen is drawn first; what lies below it is laid out right after.
window.addEventListener("load", () => {
  setTimeout(() => document.documentElement.classList.add("whole"), 50);
});
