// The only way anything gets into the page: elements and text. There is no markup from data.
export const byId = (id) => document.getElementById(id);

export function el(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    made.setAttribute(name, value === true ? "" : String(value));
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

export const fill = (id, ...children) => byId(id).replaceChildren(...children);

export function table(id, caption, heads, rows, empty) {
  const columns = heads.map(([name, kind]) => el("th", { scope: "col", class: kind }, name));
  const body = rows.length
    ? rows.map((cells) =>
        el("tr", {}, ...cells.map((cell, place) => el(place ? "td" : "th",
          place ? { class: heads[place][1] } : { scope: "row", class: heads[place][1] }, cell))))
    : [el("tr", {}, el("td", { colspan: heads.length, class: "empty" }, empty))];
  fill(id, el("caption", { class: "hidden" }, caption), el("thead", {}, el("tr", {}, ...columns)),
    el("tbody", {}, ...body));
}
