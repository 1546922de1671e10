import { useEffect, useRef } from "preact/hooks";
import { read } from "../figures/reading";
import { displayOf } from "../figures/units";
import { t } from "../i18n";
import { theme } from "../page/settings";
import type { Passport } from "../wire/schema";
import type { Plot } from "./trend";

/** The last five minutes of a figure; the chart's code is fetched when the first passport opens. */
export function TrendPane({ passport }: { passport: Passport }) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<Plot | null>(null);
  const look = theme.value;
  const points = passport.trend.t.length;
  const reading = read(passport.id);
  useEffect(() => {
    let over = false;
    void import("./trend").then(({ openPlot }) => {
      if (over || !box.current) return;
      plot.current = openPlot(box.current);
      draw();
    });
    return () => {
      over = true;
      plot.current?.close();
      plot.current = null;
    };
  }, [passport.id, look, points > 1]);
  const draw = () => {
    const trend = passport.trend;
    if (trend.t.length < 2) return;
    const last = trend.v.findLast((value) => value !== null) ?? 0;
    const { unit, factor, decimals } = displayOf(passport.unit, reading.metric, Number(last), null);
    plot.current?.draw(trend.t, trend.v.map((value) => (value === null ? null : value * factor)), unit, decimals);
  };
  useEffect(draw, [passport]);
  if (points === 0) return null;
  return (
    <section class="pane">
      <h3>{t("inspector.trend")}</h3>
      {points > 1 ? <div class="trend" ref={box} role="img" aria-label={t("inspector.trend")} data-scale /> : <p class="muted">{t("inspector.trend_wait")}</p>}
    </section>
  );
}
