// Keeps a picture of a network in motion where drawing it anew takes longer than a frame: what was
// drawn last is moved with the pointer, and drawn anew when it rests.
import type Sigma from "sigma";
import type { CameraState } from "sigma/types";

// Slower than this between two frames, and a movement is seen as a row of stills.
const SLOW_MS = 45;
const SLOW_FRAMES = 2;
const REST_MS = 150;
// Frames further apart than this are two movements.
const PAUSE_MS = 4000;
const STAY = new Set(["mouse"]);
const HIDE = new Set(["hovers", "hoverNodes"]);

function isWithoutGraphicsCard(): boolean {
  const context = document.createElement("canvas").getContext("webgl2");
  const told = context?.getExtension("WEBGL_debug_renderer_info");
  const name = told && context?.getParameter(told.UNMASKED_RENDERER_WEBGL);
  context?.getExtension("WEBGL_lose_context")?.loseContext();
  return /swiftshader|llvmpipe|software|basic render/i.test(String(name ?? ""));
}

export function glide(sigma: Sigma): void {
  let drawnAt: CameraState = sigma.getCamera().getState();
  let isGliding = isWithoutGraphicsCard();
  let slow = 0;
  let last = 0;
  let rest = 0;
  const layers = Object.entries(sigma.getCanvases()).filter(([name]) => !STAY.has(name));
  const draw = sigma.scheduleRender.bind(sigma);

  const shift = (): void => {
    // Two points tell how far, and how much larger.
    const [a, b] = [
      { x: 0, y: 0 },
      { x: 1, y: 0 },
    ];
    const [a0, b0] = [a, b].map((p) => sigma.framedGraphToViewport(p, { cameraState: drawnAt }));
    const cameraState = sigma.getCamera().getState();
    const [a1, b1] = [a, b].map((p) => sigma.framedGraphToViewport(p, { cameraState }));
    if (!a0 || !b0 || !a1 || !b1) return;
    const scale = (b1.x - a1.x) / (b0.x - a0.x);
    const [x, y] = [a1.x - a0.x * scale, a1.y - a0.y * scale];
    for (const [name, layer] of layers) {
      layer.style.transformOrigin = "0 0";
      layer.style.transform = `translate(${x}px, ${y}px) scale(${scale})`;
      if (HIDE.has(name)) layer.style.visibility = "hidden";
    }
  };

  const settle = (): void => {
    window.clearTimeout(rest);
    rest = window.setTimeout(() => {
      if (sigma.getMouseCaptor().isMouseDown || sigma.getCamera().isAnimated()) settle();
      else draw();
    }, REST_MS);
  };

  sigma.scheduleRender = () => {
    if (!isGliding) return draw();
    shift();
    settle();
    return sigma;
  };
  sigma.on("afterRender", () => {
    const now = performance.now();
    const wait = now - last;
    last = now;
    const isMoving = sigma.getMouseCaptor().isMouseDown || sigma.getCamera().isAnimated();
    if (isMoving && wait < PAUSE_MS) slow = wait > SLOW_MS ? slow + 1 : 0;
    if (slow >= SLOW_FRAMES) isGliding = true;
    drawnAt = sigma.getCamera().getState();
    for (const [, layer] of layers) {
      layer.style.transform = "";
      layer.style.visibility = "";
    }
  });
}
