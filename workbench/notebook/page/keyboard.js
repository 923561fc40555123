// JupyterLab takes letters and arrows as commands while a list has the focus: "b" would insert a
// cell instead of finding BIOSSES, and an arrow would move to another cell.
export default {
  render() {
    const leave = (event) => {
      if (event.target.matches?.(".jupyter-widgets select")) {
        event.target.setAttribute("data-lm-suppress-shortcuts", "true");
      }
    };
    document.addEventListener("focusin", leave);
    return () => document.removeEventListener("focusin", leave);
  },
};
