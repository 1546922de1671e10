import { defineConfig } from "vite";

// The page is served by the product itself from one origin under `default-src 'self'`: nothing may be inlined.
export default defineConfig({
  base: "./",
  build: {
    outDir: "../src/bessinside/web/page",
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: "es2022",
    reportCompressedSize: true,
  },
  server: {
    proxy: {
      "/api": { target: process.env["BESSINSIDE_URL"] ?? "http://127.0.0.1:8123", ws: true, changeOrigin: true },
    },
  },
});
