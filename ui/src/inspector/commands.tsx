import { t } from "../i18n";
import { Copy } from "./copy";

const NAMES: Record<string, string> = { mbpoll: "mbpoll", curl: "curl", bessinside: "bessinside", pymodbus: "pymodbus" };

/** Lines that read the same register again with tools that are not ours. */
export function Commands({ commands }: { commands: Record<string, string> }) {
  return (
    <section class="pane">
      <h3>{t("inspector.commands")}</h3>
      {Object.entries(commands).map(([name, line]) => (
        <div class="command" key={name}>
          <span class="command-name">
            {NAMES[name] ?? name} <Copy text={line} label={`${t("copy.copy")} ${name}`} />
          </span>
          <pre>
            <code>{line}</code>
          </pre>
        </div>
      ))}
    </section>
  );
}
