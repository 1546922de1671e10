/** The only component that writes a value: whatever it shows opens its passport. */

import { language, t } from "../i18n";
import { vendor } from "../i18n/vendor";
import { openFigure, route } from "../page/route";
import { faceOf, Quality } from "./quality";
import { read, type Reading } from "./reading";
import { writeAge } from "./units";

export interface FigureProps {
  id: string;
  /** tile: label, value, quality, age and register. line: label and value in a row. bare: value and unit alone. */
  as?: "tile" | "line" | "bare" | "big";
  label?: string;
  /** Leaves out the unit where the place around already states it. */
  unitless?: boolean;
}

export function Figure({ id, as = "tile", label, unitless = false }: FigureProps) {
  const reading = read(id);
  const name = label ?? reading.label;
  const face = faceOf(reading.quality);
  const open = route.value.figure === id;
  return (
    <button
      type="button"
      class={`figure figure-${as}${reading.quality === Quality.NotMapped ? " hatched" : ""}`}
      data-figure={id}
      data-quality={face.name}
      data-value={reading.value ?? undefined}
      data-unit={reading.unit}
      aria-pressed={open}
      title={as === "tile" ? undefined : `${name} · ${t(face.key)}`}
      onClick={() => openFigure(id)}
    >
      {as !== "bare" && as !== "big" && <span class="figure-label">{name}</span>}
      {(as === "bare" || as === "big") && <span class="hidden">{name} </span>}
      <span class="figure-value">
        {as !== "tile" && <Mark quality={reading.quality} quiet />}
        <span class="figure-number">{reading.shown}</span>
        {!unitless && reading.shownUnit && <span class="figure-unit"> {reading.shownUnit}</span>}
        <Tags reading={reading} short={as === "bare" || as === "line"} />
      </span>
      {as === "tile" && <Foot reading={reading} />}
    </button>
  );
}

function Foot({ reading }: { reading: Reading }) {
  return (
    <span class="figure-foot">
      <Mark quality={reading.quality} text />
      <Age seconds={reading.ageS} />
      <span class="figure-register">{reading.register ?? (reading.derived ? t("figure.derived") : t("figure.no_register"))}</span>
    </span>
  );
}

function Tags({ reading, short }: { reading: Reading; short: boolean }) {
  return (
    <>
      {reading.modelled && <span class="tag tag-model">{t("figure.model")}</span>}
      {reading.suspect && <Suspect why={reading.suspect} short={short} />}
    </>
  );
}

/** The map says why a reader must not trust this register yet; in little room a question mark stands for the word. */
export function Suspect({ why, short = false }: { why: string; short?: boolean }) {
  return (
    <span class={short ? "suspect-short" : "tag tag-suspect"} title={`${t("figure.suspect")}: ${vendor(why)}`}>
      {short ? <span aria-hidden="true">?</span> : null}
      <span class={short ? "hidden" : undefined}>{t("figure.suspect")}</span>
    </span>
  );
}

/** Shape, text and colour of a quality; `quiet` leaves the text to screen readers. */
export function Mark({ quality, text = false, quiet = false }: { quality: number; text?: boolean; quiet?: boolean }) {
  const face = faceOf(quality);
  return (
    <span class={`mark mark-${face.name}`}>
      <span aria-hidden="true">{face.mark}</span>
      {text ? ` ${t(face.key)}` : quiet ? <span class="hidden"> {t(face.key)} </span> : null}
    </span>
  );
}

export function Age({ seconds }: { seconds: number | null }) {
  if (seconds === null) return null;
  return (
    <span class="age" data-age>
      {writeAge(seconds, language.value)}
    </span>
  );
}
