// An empty search is not worth a page.
all("form[action='/search']").forEach(function (form) {
    on("submit", form, function (event) {
        if (form.elements.q.value.trim() === "") {
            event.preventDefault();
            form.elements.q.focus();
        }
    });
});
