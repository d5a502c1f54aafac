import { defineConfig } from "vite";

// One script for each page that has one; the service finds their names in the manifest.
const PAGES = ["site", "search", "network", "workbench", "question"];

export default defineConfig({
  base: "/static/build/",
  publicDir: false,
  build: {
    outDir: "../klustergraf_api/pages/static/build",
    emptyOutDir: true,
    manifest: "manifest.json",
    assetsInlineLimit: 0,
    target: "es2022",
    modulePreload: { polyfill: false },
    rollupOptions: {
      input: Object.fromEntries(PAGES.map((page) => [page, `src/${page}.ts`])),
    },
  },
  worker: { format: "es" },
});
