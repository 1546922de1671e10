import { useState } from "preact/hooks";
import { t } from "../i18n";

const SHOWN_MS = 1500;

export function Copy({ text, label }: { text: string; label: string }) {
  const [done, setDone] = useState<"no" | "yes" | "failed">("no");
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setDone("yes");
    } catch {
      setDone(copyBySelection(text) ? "yes" : "failed");
    }
    setTimeout(() => setDone("no"), SHOWN_MS);
  };
  return (
    <button type="button" class="copy" onClick={() => void copy()} title={label} aria-label={label}>
      {done === "yes" ? t("copy.done") : done === "failed" ? t("copy.failed") : t("copy.copy")}
    </button>
  );
}

// the clipboard API is only there on https and on localhost
function copyBySelection(text: string): boolean {
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "hidden";
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  return done;
}
