// Shows HTML that the kernel sends by message, and asks for it whenever a view opens. It escapes
// nothing: what the kernel sends is escaped there.
export default {
  render({ model, el }) {
    const show = (html) => {
      el.innerHTML = html || "<p>Run this cell to see the text; it is not saved in the notebook.</p>";
    };
    const receive = (message) => show(message.html);
    show(model.get("saved"));
    model.on("msg:custom", receive);
    model.send({ kind: "opened" });
    return () => model.off("msg:custom", receive);
  },
};
