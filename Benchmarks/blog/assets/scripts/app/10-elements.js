/* Small helpers over the document. */
function all(selector, root) {
    return Array.prototype.slice.call((root || document).querySelectorAll(selector));
}

function on(name, element, action) {
    element.addEventListener(name, action);
}
