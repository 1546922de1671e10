import { render } from "preact";
import { App } from "./page/app";
import { start } from "./page/boot";
import { followHash } from "./page/route";
import { useSettings } from "./page/settings";
import "./style/base.css";
import "./style/page.css";
import "./style/figures.css";
import "./style/pictures.css";
import "./style/inspector.css";
import "./style/registers.css";

useSettings();
followHash();
render(<App />, document.getElementById("page")!);
void start();
