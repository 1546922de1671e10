/** Gives the focus back to what opened a panel, also where that comes to light again only some frames after it closed. */

import { useLayoutEffect } from "preact/hooks";

/** A label on the machine has its place again once the stage was drawn in its new size. */
const WITHIN_MS = 3000;

export function useFocusBack(open: boolean): void {
  // before the panel's own effects, which take the focus
  useLayoutEffect(() => {
    const before = open ? (document.activeElement as HTMLElement | null) : null;
    return before && before !== document.body ? () => giveBack(before, performance.now() + WITHIN_MS) : undefined;
  }, [open]);
}

/** Tries until it has the focus, unless somebody put that elsewhere meanwhile. */
function giveBack(to: HTMLElement, until: number): void {
  requestAnimationFrame(() => {
    const now = document.activeElement;
    if (!to.isConnected || (now !== null && now !== document.body) || performance.now() > until) return;
    to.focus({ preventScroll: true });
    if (document.activeElement !== to) giveBack(to, until);
  });
}
