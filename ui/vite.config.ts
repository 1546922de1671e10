import { defineConfig } from "vite";

const PAGE = "../src/bessinside/web/page";

// The page is served by the product itself from one origin under `default-src 'self'`: nothing may be inlined.
// Beside it stands one file for Node: it writes the plant as GLB with the scene's own layout (`bessinside export`).
export default defineConfig({
  base: "./",
  builder: {},
  build: {
    outDir: PAGE,
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: "es2022",
    reportCompressedSize: true,
  },
  environments: {
    client: {},
    export: {
      consumer: "server",
      resolve: { noExternal: true },
      build: {
        outDir: `${PAGE}/export`,
        minify: true,
        copyPublicDir: false,
        rolldownOptions: { input: "src/export/main.ts", output: { entryFileNames: "glb.mjs" } },
      },
    },
  },
  server: {
    proxy: {
      "/api": { target: process.env["BESSINSIDE_URL"] ?? "http://127.0.0.1:8123", ws: true, changeOrigin: true },
    },
  },
});
