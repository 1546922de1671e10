import { partTitle } from "../plant/parts";

/** A choice among parts of the plant, with a step to the one before and after. */
export function PartChoice({ value, parts, label, onChange }: { value: string; parts: string[]; label: string; onChange(part: string): void }) {
  const at = parts.indexOf(value);
  const go = (move: number) => parts[at + move] && onChange(parts[at + move]!);
  return (
    <span class="choice">
      <button type="button" class="switch" disabled={at <= 0} onClick={() => go(-1)} aria-label={`${label} −`}>
        ‹
      </button>
      <select aria-label={label} value={value} onChange={(event) => onChange(event.currentTarget.value)} data-nav>
        {parts.map((part) => (
          <option key={part} value={part}>
            {partTitle(part)}
          </option>
        ))}
      </select>
      <button type="button" class="switch" disabled={at >= parts.length - 1} onClick={() => go(1)} aria-label={`${label} +`}>
        ›
      </button>
    </span>
  );
}
