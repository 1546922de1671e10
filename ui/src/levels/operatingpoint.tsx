/** Level 12: where each converter works, on a disc of active and reactive power. */

import { Figure } from "../figures/figure";
import { read } from "../figures/reading";
import { model } from "../figures/snapshot";
import { writeNumber } from "../figures/units";
import { language, t } from "../i18n";
import { find, labelOf, partsOf } from "../plant/model";
import { partTitle } from "../plant/parts";
import { openFigure } from "../page/route";
import { nice, ticks } from "../twin2d/statistics";
import { ratedPower } from "./oneline";

const SIZE = 380;
const CENTRE = SIZE / 2;
const RADIUS = 150;
const TICK = 16; // half of the width of a number on the axis
const NAME = 50; // width of the name beside an operating point
const PHASES = ["l1", "l2", "l3"];
const ROWS = ["voltage", "current", "active_power", "reactive_power", "power_factor"];

export function OperatingPoint() {
  const of = model.value!;
  const converters = partsOf(of, "pcs");
  const rated = ratedPower(of);
  const points = converters.map((pcs) => {
    const p = find(of, pcs, "active_power");
    const q = find(of, pcs, "reactive_power");
    const set = find(of, pcs, "active_power_setpoint");
    return { pcs, p, q, set, pw: p ? read(p).value : null, qw: q ? read(q).value : null, sw: set ? read(set).value : null };
  });
  const largest = Math.max(0, ...points.flatMap(({ pw, qw }) => [Math.abs(pw ?? 0), Math.abs(qw ?? 0)]));
  const reach = rated ? rated / Math.max(1, converters.length) : nice(largest || 1e6);
  return (
    <section class="picture disc-and-phases" aria-label={t("pq.title")}>
      <div>
        <h2>{t("pq.title")}</h2>
        <Disc reach={reach} points={points} />
        <p class="note">{t(rated ? "pq.circle_nameplate" : "pq.circle_auto")}</p>
      </div>
      <div class="phases">
        {converters.map((pcs) => (
          <Phases key={pcs} pcs={pcs} />
        ))}
      </div>
    </section>
  );
}

interface Mark {
  pcs: string;
  p: string | null;
  pw: number | null;
  qw: number | null;
  sw: number | null;
}

function Disc({ reach, points }: { reach: number; points: Mark[] }) {
  const x = (w: number) => CENTRE + (w / reach) * RADIUS;
  const y = (w: number) => CENTRE - (w / reach) * RADIUS;
  const marks = ticks(-reach / 1e3, reach / 1e3, 4).filter((mark) => mark !== 0);
  const limit = (w: number) => Math.max(-1.2 * reach, Math.min(1.2 * reach, w));
  // where names of operating points lie on the axis they stand in place of its numbers
  const named = points.flatMap(({ pw, qw }) => (pw !== null && qw !== null && Math.abs(y(limit(qw)) - CENTRE) < 26 ? [x(limit(pw))] : []));
  return (
    <svg class="disc" viewBox={`0 0 ${SIZE} ${SIZE}`} role="img" aria-label={t("pq.title")}>
      <circle cx={CENTRE} cy={CENTRE} r={RADIUS} class="disc-edge" />
      <circle cx={CENTRE} cy={CENTRE} r={RADIUS / 2} class="gridline" fill="none" />
      <line x1={CENTRE - RADIUS - 14} x2={CENTRE + RADIUS + 14} y1={CENTRE} y2={CENTRE} class="baseline" />
      <line y1={CENTRE - RADIUS - 14} y2={CENTRE + RADIUS + 14} x1={CENTRE} x2={CENTRE} class="baseline" />
      <g data-scale>
        {marks.map((mark) => (
          <g key={mark}>
            {named.every((px) => x(mark * 1e3) + TICK < px || px + NAME < x(mark * 1e3) - TICK) && (
              <text x={x(mark * 1e3)} y={CENTRE + 15} class="tick" text-anchor="middle">
                {writeNumber(mark, 0, language.value)}
              </text>
            )}
            <text x={CENTRE - 5} y={y(mark * 1e3) + 4} class="tick" text-anchor="end">
              {writeNumber(mark, 0, language.value)}
            </text>
          </g>
        ))}
        <text x={SIZE - 2} y={CENTRE - 6} class="tick" text-anchor="end">
          P kW
        </text>
        <text x={CENTRE + 6} y={12} class="tick">
          Q kvar
        </text>
      </g>
      <text x={SIZE - 6} y={SIZE - 6} class="quadrant" text-anchor="end">{t("pq.under_out")}</text>
      <text x={6} y={SIZE - 6} class="quadrant">{t("pq.under_in")}</text>
      <text x={SIZE - 6} y={30} class="quadrant" text-anchor="end">{t("pq.over_out")}</text>
      <text x={6} y={30} class="quadrant">{t("pq.over_in")}</text>
      {points.map(({ pcs, sw }) => sw !== null && <line key={`s${pcs}`} x1={x(limit(sw))} x2={x(limit(sw))} y1={CENTRE - 9} y2={CENTRE + 9} class="setpoint" />)}
      {points.map(({ pcs, p, pw, qw }, i) =>
        p !== null && pw !== null && qw !== null ? (
          <g
            key={pcs}
            class="operating"
            role="button"
            tabIndex={0}
            data-figure={p}
            aria-label={partTitle(pcs)}
            onClick={() => openFigure(p)}
            onKeyDown={(event) => event.key === "Enter" && openFigure(p)}
          >
            <line x1={CENTRE} y1={CENTRE} x2={x(limit(pw))} y2={y(limit(qw))} />
            {i % 2 === 0 ? <circle cx={x(limit(pw))} cy={y(limit(qw))} r="7" /> : <rect x={x(limit(pw)) - 6} y={y(limit(qw)) - 6} width="12" height="12" />}
            <text x={x(limit(pw)) + 11} y={y(limit(qw)) + (i % 2 === 0 ? -8 : 16)} class="operating-label">
              {partTitle(pcs)}
            </text>
          </g>
        ) : null,
      )}
    </svg>
  );
}

/** Voltage, current and power of the three phases side by side. */
function Phases({ pcs }: { pcs: string }) {
  const of = model.value!;
  const rows = ROWS.filter((row) => PHASES.some((phase) => find(of, pcs, `${row}_${phase}`)) || find(of, pcs, row));
  return (
    <div class="group">
      <h2 data-nav>{partTitle(pcs)}</h2>
      <div class="scroll">
        <table class="grid">
          <thead>
            <tr>
              <th scope="col" class="corner">
                <span class="hidden">{t("pq.quantity")}</span>
              </th>
              {["Σ", "L1", "L2", "L3"].map((phase) => (
                <th key={phase} scope="col" data-nav>
                  {phase}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row}>
                <th scope="row" data-nav>
                  {nameOf(of, pcs, row)}
                </th>
                {[row, ...PHASES.map((phase) => `${row}_${phase}`)].map((metric) => {
                  const id = find(of, pcs, metric);
                  return <td key={metric}>{id ? <Figure id={id} as="bare" /> : <span class="absent" title={t("figure.no_register")} />}</td>;
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </div>
  );
}

function nameOf(of: NonNullable<typeof model.value>, pcs: string, row: string): string {
  const id = find(of, pcs, row) ?? find(of, pcs, `${row}_l1`);
  return id ? labelOf(of, id).replace(/ L1(-N)?$/, "") : row;
}
