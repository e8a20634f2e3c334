// A message goes when it is clicked.
all(".flash").forEach(function (message) {
    on("click", message, function () {
        message.parentNode.removeChild(message);
    });
});
