// Takes the theme that was chosen, before anything is shown in another.
(function () {
  "use strict";
  try {
    var theme = localStorage.getItem("loadgen-theme");
    if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  } catch (error) {
    // A browser may deny storage to a file: then the system's theme is taken.
  }
})();
