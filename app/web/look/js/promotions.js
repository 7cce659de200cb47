// The promotion designer: a long list to tick is narrowed while one types, and rows come as they are needed.
(() => {
  document.addEventListener("input", (event) => {
    const box = event.target.closest?.("[data-narrow-by]");
    if (!box) return;
    const words = box.value.trim().toLowerCase();
    for (const row of box.closest("[data-narrow]").querySelectorAll(".pick-row")) {
      row.hidden = words !== "" && !row.textContent.toLowerCase().includes(words) && !row.querySelector(":checked");
    }
  });
  // Enter in that box narrows; it does not send the form.
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target.matches?.("[data-narrow-by]")) event.preventDefault();
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-more-rows]");
    if (!button) return;
    const next = button.closest("section").querySelector(".row-more");
    next?.classList.remove("row-more");
    next?.querySelector("input, select")?.focus();
    if (!button.closest("section").querySelector(".row-more")) button.hidden = true;
  });
})();
