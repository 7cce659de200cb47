// A group's page: <button data-share="address" data-share-words="…" hidden> opens the phone's own way to share.
(() => {
  for (const button of document.querySelectorAll("[data-share]")) {
    if (!navigator.share) continue;
    button.hidden = false;
    button.addEventListener("click", () => {
      navigator.share({ text: button.dataset.shareWords, url: button.dataset.share }).catch(() => {});
    });
  }
})();
