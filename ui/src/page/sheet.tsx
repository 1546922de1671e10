/** On a phone the level's panel lies over the machine like a sheet; the page's own scrolling moves it, and so does this handle. */

import { useEffect, useState } from "preact/hooks";
import { t } from "../i18n";

const OPEN_FROM = 0.3; // of the way up

export function SheetHandle() {
  const [open, setOpen] = useState(false);
  useEffect(() => {
    const main = document.getElementById("main");
    const follow = () => setOpen(main!.scrollTop > OPEN_FROM * wayOf(main!));
    main?.addEventListener("scroll", follow, { passive: true });
    return () => main?.removeEventListener("scroll", follow);
  }, []);
  const toggle = () => {
    const main = document.getElementById("main")!;
    main.scrollTo({ top: open ? 0 : wayOf(main) });
  };
  return (
    <button type="button" class="sheet-handle" aria-expanded={open} aria-controls="level" onClick={toggle}>
      <span class="hidden">{t(open ? "sheet.machine" : "sheet.panel")}</span>
    </button>
  );
}

/** How far the page scrolls until the sheet covers the machine. */
function wayOf(main: HTMLElement): number {
  return main.querySelector<HTMLElement>("#level")?.offsetTop ?? main.clientHeight;
}
