import { health, model } from "../figures/snapshot";
import { writeAge, writeNumber } from "../figures/units";
import { language, t, type Key } from "../i18n";
import { isAnswering } from "./header";
import { navigate } from "./route";
import "./devices.css";

/** Every device of the plant file: how it is reached and whether it answers. */
export function Devices() {
  const of = model.value!;
  const rows = new Map((health.value?.devices ?? []).map((row) => [row.id, row]));
  return (
    <section class="view" aria-labelledby="devices-title">
      <h1 id="devices-title">{t("nav.devices")}</h1>
      <p class="question">{t("devices.question")}</p>
      {health.value?.history?.trouble && (
        <p class="error-text" role="alert" data-history-trouble>
          {t("link.unkept")}: {health.value.history.trouble} ({health.value.history.waiting} {t("devices.waiting")})
        </p>
      )}
      <div class="scroll scroll-tall">
        <table class="grid devices">
          <thead>
            <tr>
              {(["devices.device", "devices.state", "devices.map", "devices.address", "devices.every", "devices.sweep", "devices.age", "devices.refused", "devices.error"] as const).map((key) => (
                <th key={key} scope="col">
                  {t(key)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {of.schema.devices.map((device) => {
              const row = rows.get(device.id);
              const answers = row ? isAnswering(row.state) : false;
              return (
                <tr key={device.id}>
                  <th scope="row">
                    <button type="button" class="plain" data-nav onClick={() => navigate({ view: "registers", find: `device:${device.id}` })}>
                      {device.label || device.id} <span class="muted">{device.id}</span>
                    </button>
                  </th>
                  <td data-nav>
                    <span class={`mark mark-${answers ? "good" : row ? "no-answer" : "none"}`}>{answers ? "●" : row ? "✕" : "–"}</span> {row ? t(`device.${row.state}` as Key) : "—"}
                  </td>
                  <td data-nav>{device.map_label || device.map}</td>
                  <td data-nav class="mono">
                    {device.url}
                  </td>
                  <td data-age>{device.every_s} s</td>
                  <td data-age>{row?.last_sweep_ms == null ? "—" : `${writeNumber(row.last_sweep_ms, 0, language.value)} ms`}</td>
                  <td data-age>{row?.age_s == null ? "—" : writeAge(row.age_s, language.value)}</td>
                  <td data-nav title={t("devices.refused_hint")}>{device.refused ?? "—"}</td>
                  <td data-nav class="error-text">
                    {row?.error ?? ""}
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
    </section>
  );
}
