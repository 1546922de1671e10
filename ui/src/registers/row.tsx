import { Age, Mark, Suspect } from "../figures/figure";
import { faceOf } from "../figures/quality";
import { read } from "../figures/reading";
import { model, snapshot } from "../figures/snapshot";
import { openFigure, route } from "../page/route";
import { rawHex } from "./rows";

interface RowProps {
  at: number;
  point: number;
  top: number;
  focused: boolean;
  onFocus(): void;
}

/** One register: the row itself is the figure and opens its passport. */
export function MirrorRow({ at, point, top, focused, onFocus }: RowProps) {
  const of = model.value!;
  const p = of.schema.points;
  const id = p.id[point];
  if (id === undefined) return null;
  const reading = read(id);
  const address = p.address[point]!;
  return (
    <div
      class={`mirror-row${route.value.figure === id ? " here" : ""}`}
      role="row"
      aria-rowindex={at + 2}
      data-row={at}
      data-figure={id}
      data-quality={faceOf(reading.quality).name}
      data-value={reading.value ?? undefined}
      data-unit={reading.unit}
      tabIndex={focused ? 0 : -1}
      style={{ transform: `translateY(${top}px)` }}
      onFocus={onFocus}
      onClick={() => openFigure(id)}
    >
      <span role="gridcell" class="c-device">{of.schema.devices[p.device[point]!]!.id}</span>
      <span role="gridcell" class="c-fc">{p.fc[point]}</span>
      <span role="gridcell" class="c-address mono">
        {address} <span class="muted">0x{address.toString(16).toUpperCase().padStart(4, "0")}</span>
      </span>
      <span role="gridcell" class="c-name" title={`${id}\n${reading.label}`}>
        <span class="c-id">{id.split("@")[0]}</span>
        {reading.suspect && <Suspect why={reading.suspect} short />}
      </span>
      <span role="gridcell" class="c-type">{p.type[point]}</span>
      <span role="gridcell" class="c-access">{p.access[point]}</span>
      <span role="gridcell" class="c-raw mono">{rawHex(of, snapshot.value, point) ?? "—"}</span>
      <span role="gridcell" class="c-value figure-value">
        <span class="figure-number">{reading.shown}</span> <span class="figure-unit">{reading.shownUnit}</span>
      </span>
      <span role="gridcell" class="c-age">
        <Age seconds={reading.ageS} />
      </span>
      <span role="gridcell" class="c-quality">
        <Mark quality={reading.quality} text />
      </span>
    </div>
  );
}
