import { render } from "preact";
import { fetchSpace } from "./levels/stage";
import { App } from "./page/app";
import { followVendorWords } from "./i18n/vendor";
import { start } from "./page/boot";
import { fetchRest } from "./page/lazy";
import { followHash, route } from "./page/route";
import { useSettings } from "./page/settings";
import "./style/base.css";
import "./style/page.css";
import "./style/header.css";
import "./style/figures.css";
import "./style/levels.css";
import "./style/power.css";
import "./style/safety.css";
import "./style/attention.css";
import "./style/scene.css";
import "./style/oneline.css";
import "./style/charts.css";
import "./style/field.css";
import "./style/inspector.css";
import "./style/registers.css";
import "./style/sheet.css";
import "./style/print.css";

async function open(): Promise<void> {
  await useSettings();
  followHash();
  render(<App />, document.getElementById("page")!);
  const started = start();
  if (route.peek().view === "level") void fetchSpace(); // while the server writes its answers
  await started;
  fetchRest();
  followVendorWords();
}

void open();
