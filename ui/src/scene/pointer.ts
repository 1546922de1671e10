/** The hand on the machine: a drag turns it, a click opens the datum under it, ctrl or ⌘ with the wheel changes the level. */

import { useEffect } from "preact/hooks";
import { goToLevel, openFigure, navigate } from "../page/route";
import { find } from "../plant/model";
import type { Stage } from "./stage";

const CLICK = 4; // px that a click may stray
const WHEEL_MS = 500;

export function usePointer(canvas: { current: HTMLCanvasElement | null }, stage: Stage | null, level: number): void {
  useEffect(() => {
    const on = canvas.current;
    if (!stage || !on) return;
    let from: { x: number; y: number; strayed: boolean } | null = null;
    const down = (event: PointerEvent) => {
      if (event.button !== 0) return;
      from = { x: event.clientX, y: event.clientY, strayed: false };
      on.setPointerCapture(event.pointerId);
    };
    const move = (event: PointerEvent) => {
      if (!from) return;
      const [dx, dy] = [event.clientX - from.x, event.clientY - from.y];
      if (!from.strayed && Math.hypot(dx, dy) < CLICK) return;
      stage.drag(dx, dy);
      from = { x: event.clientX, y: event.clientY, strayed: true };
    };
    const up = (event: PointerEvent) => {
      const clicked = from && !from.strayed && event.type === "pointerup";
      from = null;
      if (clicked) openAt(stage, on, event);
    };
    let turned = 0;
    const wheel = (event: WheelEvent) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      if (event.timeStamp - turned < WHEEL_MS || event.deltaY === 0) return;
      turned = event.timeStamp;
      goToLevel(level + Math.sign(event.deltaY));
    };
    on.addEventListener("pointerdown", down);
    on.addEventListener("pointermove", move);
    on.addEventListener("pointerup", up);
    on.addEventListener("pointercancel", up);
    on.addEventListener("wheel", wheel, { passive: false });
    return () => {
      on.removeEventListener("pointerdown", down);
      on.removeEventListener("pointermove", move);
      on.removeEventListener("pointerup", up);
      on.removeEventListener("pointercancel", up);
      on.removeEventListener("wheel", wheel);
    };
  }, [stage, level]);
}

function openAt(stage: Stage, on: HTMLCanvasElement, event: PointerEvent): void {
  const { left, top, width, height } = on.getBoundingClientRect();
  const datum = stage.probe(((event.clientX - left) / width) * 2 - 1, 1 - ((event.clientY - top) / height) * 2);
  if (!datum) return;
  const id = find(stage.model, datum.part, datum.metric);
  if (id) openFigure(id);
  else navigate({ at: datum.part });
}
