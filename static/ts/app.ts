// What pages do beyond links and forms. Rules stay on the server: nothing here
// decides what is valid, only how an answer is shown.
import "htmx.org";
import "htmx.org/dist/ext/hx-ws.js";

import { startConfirm } from "./confirm";
import { startCopy } from "./copy";
import { startFocus } from "./focus";
import { startMenus } from "./menus";
import { startNotify } from "./notify";
import { startTheme } from "./theme";
import { startToasts } from "./toasts";

startConfirm();
startCopy();
startFocus();
startMenus();
startNotify();
startTheme();
startToasts();
