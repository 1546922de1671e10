import { render } from "preact";
import { App } from "./page/app";
import { followVendorWords } from "./i18n/vendor";
import { start } from "./page/boot";
import { fetchRest } from "./page/lazy";
import { followHash } from "./page/route";
import { useSettings } from "./page/settings";
import "./style/base.css";
import "./style/page.css";
import "./style/header.css";
import "./style/figures.css";
import "./style/levels.css";
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
  await start();
  fetchRest();
  followVendorWords();
}

void open();
