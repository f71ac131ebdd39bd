// Shows the rows of a long table whose first cell contains every word typed above it.
for (const field of document.querySelectorAll(".find")) {
  const rows = [...field.nextElementSibling.querySelectorAll("tbody tr")];
  const input = field.querySelector("input");
  const show = () => {
    const words = input.value.toLowerCase().split(/\s+/);
    for (const row of rows) {
      const name = row.cells[0].textContent.toLowerCase();
      row.hidden = !words.every((word) => name.includes(word));
    }
    const found = rows.filter((row) => !row.hidden).length;
    field.querySelector("output").textContent = `${found} of ${rows.length}`;
  };
  input.addEventListener("input", show);
  field.hidden = false;
  show(); // a browser keeps what was typed when the page is loaded again
}
