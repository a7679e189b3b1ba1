import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'vite'

export default defineConfig({
  plugins: [svelte()],
  build: {
    // light-dark(), :has() and <dialog> as they are: the browsers of the last two years have them.
    target: ['chrome123', 'edge123', 'firefox128', 'safari17.5'],
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    reportCompressedSize: false,
  },
  server: { proxy: { '/api': 'http://127.0.0.1:7413', '/auth': 'http://127.0.0.1:7413', '/login': 'http://127.0.0.1:7413' } },
})
