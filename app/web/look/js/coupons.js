// The coupon box beside the checkout's form: what was typed there as e-mail is not lost by adding a code.
(() => {
  for (const form of document.querySelectorAll("[data-coupon-form]")) {
    form.addEventListener("submit", () => {
      const kept = form.querySelector("[data-coupon-email]");
      const typed = document.querySelector("#email");
      if (kept && typed) kept.value = typed.value;
    });
  }
})();
