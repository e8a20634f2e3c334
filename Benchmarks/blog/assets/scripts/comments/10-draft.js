/* Keeps what was typed if the page is left by mistake. */
var form = document.querySelector("#comments form.write");
if (form && window.sessionStorage) {
    var key = "draft:" + form.getAttribute("action");
    form.elements.text.value = sessionStorage.getItem(key) || "";
    form.elements.text.addEventListener("input", function () {
        sessionStorage.setItem(key, form.elements.text.value);
    });
    // Sent is sent.
    form.addEventListener("submit", function () {
        sessionStorage.removeItem(key);
    });
}
