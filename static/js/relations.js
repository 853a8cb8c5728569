// Draws the relations page's picture when it is asked for: the library is large and only then fetched. The table says the same.
(() => {
  const loaded = (address) =>
    new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = address;
      script.onload = resolve;
      script.onerror = reject;
      document.head.append(script);
    });

  const draw = async (button) => {
    const place = document.getElementById(button.dataset.into);
    const answer = await fetch(button.dataset.picture, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(String(answer.status));
    const [circle] = await Promise.all([answer.json(), loaded(button.dataset.library)]);
    place.hidden = false;
    const { color: ink, backgroundColor: ground } = getComputedStyle(place);
    const line = "#788891";
    const graph = cytoscape({
      container: place,
      maxZoom: 1.25,
      elements: [...circle.nodes.map((node) => ({ data: node })), ...circle.edges.map((edge) => ({ data: edge }))],
      layout: {
        name: "concentric",
        concentric: (node) => -node.data("steps"),
        levelWidth: () => 1,
        startAngle: 0,
        sweep: 5, // less than a whole turn, so that no edge runs behind the one in the middle
        minNodeSpacing: 170,
        animate: false,
      },
      style: [
        {
          selector: "node",
          style: { label: "data(name)", color: ink, "font-size": 12, "text-valign": "bottom", "text-margin-y": 4, "background-color": line },
        },
        { selector: "node[steps = 0]", style: { "background-color": "#0b5b73", width: 40, height: 40 } },
        { selector: 'node[kind = "organisation"]', style: { shape: "round-rectangle" } },
        {
          selector: "edge",
          style: {
            label: "data(says)",
            color: ink,
            "font-size": 10,
            "text-wrap": "wrap",
            "text-max-width": 110,
            "text-background-color": ground,
            "text-background-opacity": 1,
            "text-background-padding": 2,
            "curve-style": "bezier",
            "target-arrow-shape": "triangle",
            width: 1.5,
            "line-color": line,
            "target-arrow-color": line,
          },
        },
      ],
    });
    graph.on("tap", "node", (event) => location.assign(event.target.data("href")));
    button.hidden = true;
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-picture]");
    if (!button || button.disabled) return;
    button.disabled = true;
    draw(button).catch(() => {
      button.disabled = false;
      button.textContent = "It could not be drawn. Try again";
    });
  });
})();
