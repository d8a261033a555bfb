/** @file Where the page begins. */

import "./app.css";
import { mount } from "svelte";
import App from "./App.svelte";
import { start } from "./model.svelte.ts";
import { keepOffline } from "./offline.svelte.ts";

mount(App, { target: document.body });
void start();
if (import.meta.env.PROD) void keepOffline();
