/** Prices in falling order over their hours, and what they come to. */

import { prices } from "./state";
import { Across, Plot, scale } from "./plot";
import { w } from "./words";
import { number } from "./write";

export function Duration() {
  const of = prices.value;
  if (!of) return null;
  const order = of.price.map((_, i) => i).sort((a, b) => of.price[b]! - of.price[a]!);
  const total = of.summary.hours * 60;
  const { low, high } = of.summary;
  const air = (high - low || 1) * 0.05;
  return (
    <section class="market-part" aria-labelledby="market-duration">
      <h2 id="market-duration">{w("duration")}</h2>
      <Plot label={`${w("duration")}: ${number(high, 2)} … ${number(low, 2)} EUR/MWh`} height={220}>
        {(frame) => {
          const y = scale(Math.min(0, low - air), high + air, frame.bottom, frame.top);
          const x = scale(0, total, frame.left, frame.right);
          let at = 0;
          const path = order.map((i) => {
            const begin = x(at);
            at += of.minutes[i]!;
            return `${begin === frame.left ? "M" : "L"}${begin.toFixed(1)} ${y(of.price[i]!).toFixed(1)}H${x(at).toFixed(1)}`;
          });
          const below = total - of.summary.negative_h * 60;
          return (
            <>
              <Across frame={frame} from={Math.min(0, low)} to={high} y={y} unit="EUR/MWh" />
              {of.summary.negative_h > 0 && <rect x={x(below)} width={frame.right - x(below)} y={y(0)} height={frame.bottom - y(0)} class="market-below" />}
              <path d={`${path.join("")}V${y(0)}H${frame.left}Z`} class="market-area" />
              <path d={path.join("")} class="market-line" />
              {[0, 25, 50, 75, 100].map((share) => (
                <text key={share} x={x((share / 100) * total)} y={frame.bottom + 16} class="tick" text-anchor={share === 0 ? "start" : share === 100 ? "end" : "middle"}>
                  {share} %
                </text>
              ))}
            </>
          );
        }}
      </Plot>
      <p class="note">
        {w("duration_axis")} · {w("below_zero", { hours: number(of.summary.negative_h, 2) })}
      </p>
    </section>
  );
}

/** The prices in six numbers. */
export function Facts() {
  const of = prices.value;
  if (!of) return null;
  return (
    <section class="market-part" aria-labelledby="market-facts">
      <h2 id="market-facts">
        {w("attribution")}: {of.attribution}
      </h2>
      <dl class="market-facts">
        <Fact name={w("mean")} value={of.summary.mean} />
        <Fact name={w("low")} value={of.summary.low} />
        <Fact name={w("high")} value={of.summary.high} />
        <Fact name={w("spread", { n: 1 })} value={of.summary.spread_1h} hint={w("spread_hint", { n: 1 })} />
        <Fact name={w("spread", { n: 2 })} value={of.summary.spread_2h} hint={w("spread_hint", { n: 2 })} />
        <Fact name={w("spread", { n: 4 })} value={of.summary.spread_4h} hint={w("spread_hint", { n: 4 })} />
      </dl>
    </section>
  );
}

function Fact({ name, value, hint }: { name: string; value: number; hint?: string }) {
  return (
    <div title={hint}>
      <dt>{name}</dt>
      <dd>
        {number(value, 2)} <small>EUR/MWh</small>
      </dd>
    </div>
  );
}
