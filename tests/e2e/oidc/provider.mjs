// A real OpenID Connect provider (oidc-provider), and in front of it a liar: what the provider says passes through it, and the token can be
// changed on the way as somebody in between, or a broken provider, would. Arguments: PORT REDIRECT_URI. Prints one line when it listens.
import http from 'node:http';
import crypto from 'node:crypto';
import { Provider } from 'oidc-provider';
import * as jose from 'jose';

const [port, redirect] = [Number(process.argv[2]), process.argv[3]];
const issuer = `http://127.0.0.1:${port}`;
const secret = 'a-client-secret-that-is-long-enough';

const makeKey = async () => {
  const { privateKey } = await jose.generateKeyPair('RS256', { extractable: true });
  return { ...(await jose.exportJWK(privateKey)), kid: 'k1', use: 'sig', alg: 'RS256' };
};
const key = await makeKey();
const forgers = await makeKey(); // the same name, another key

const people = { maria: { name: 'maria', groups: ['social-managers', 'staff'] } };
let signsIn = 'maria';
let lie = '';
let kept = '';
let away = false; // nobody answers
let gone = false; // the person has no account any more
const asked = { refreshed: 0, revoked: 0 };

const provider = new Provider(issuer, {
  clients: [{ client_id: 'halfmast', client_secret: secret, redirect_uris: [redirect], token_endpoint_auth_method: 'client_secret_basic',
              grant_types: ['authorization_code', 'refresh_token'] }],
  jwks: { keys: [key] },
  claims: { openid: ['sub'], profile: ['preferred_username', 'groups', 'locale'] },
  conformIdTokenClaims: true, // claims come from userinfo, as many providers do it
  features: { devInteractions: { enabled: false }, revocation: { enabled: true } },
  cookies: { keys: ['for tests'] },
  pkce: { required: () => true },
  async findAccount(_, id) {
    if (gone) return undefined;
    return {
      accountId: id,
      claims: async () => ({ sub: id, preferred_username: people[id].name, groups: people[id].groups, locale: 'hu' }),
    };
  },
  interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
});
provider.proxy = true;

// Whoever comes is signed in as the person of the hour, and agrees to everything.
const interact = async (request, response) => {
  const { params } = await provider.interactionDetails(request, response);
  const grant = new provider.Grant({ accountId: signsIn, clientId: params.client_id });
  grant.addOIDCScope('openid profile offline_access');
  await provider.interactionFinished(request, response, { login: { accountId: signsIn }, consent: { grantId: await grant.save() } });
};

const changed = async (token) => {
  const claims = jose.decodeJwt(token);
  const text = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const sign = async (content, by = key) =>
    new jose.SignJWT(content).setProtectedHeader({ alg: 'RS256', kid: 'k1' }).sign(await jose.importJWK(by, 'RS256'));
  switch (lie) {
    case 'nonce':
      return sign({ ...claims, nonce: 'of another sign-in' });
    case 'expired':
      return sign({ ...claims, iat: claims.iat - 7200, exp: claims.iat - 3600 });
    case 'audience':
      return sign({ ...claims, aud: 'another-client' });
    case 'issuer':
      return sign({ ...claims, iss: 'http://127.0.0.1:1' });
    case 'signature':
      return sign(claims, forgers);
    case 'none':
      return `${text({ alg: 'none', kid: 'k1' })}.${text(claims)}.`;
    case 'shared': {
      // The public key as a shared secret.
      const { n, e, kty } = key;
      const body = `${text({ alg: 'HS256', kid: 'k1' })}.${text(claims)}`;
      return `${body}.${crypto.createHmac('sha256', JSON.stringify({ n, e, kty })).update(body).digest('base64url')}`;
    }
    case 'replayed':
      return kept;
    default:
      kept = token;
      return token;
  }
};

const inside = http.createServer(async (request, response) => {
  try {
    if (request.url.startsWith('/interaction/')) await interact(request, response);
    else provider.callback()(request, response);
  } catch (error) {
    response.writeHead(500).end(String(error));
  }
});
await new Promise((done) => inside.listen(0, '127.0.0.1', done));

const read = async (stream) => {
  const pieces = [];
  for await (const piece of stream) pieces.push(piece);
  return Buffer.concat(pieces);
};

const outside = http.createServer(async (request, response) => {
  const body = await read(request);
  if (request.url === '/control') {
    const wanted = JSON.parse(body);
    if (wanted.groups) people.maria.groups = wanted.groups;
    if (wanted.name) people.maria.name = wanted.name;
    lie = wanted.lie ?? '';
    away = wanted.away ?? false;
    gone = wanted.gone ?? false;
    response.writeHead(200).end(JSON.stringify(asked));
    return;
  }
  if (away) {
    request.socket.destroy();
    return;
  }
  if (request.url.startsWith('/token/revocation')) asked.revoked += 1;
  const passedOn = http.request(
    { host: '127.0.0.1', port: inside.address().port, path: request.url, method: request.method,
      headers: { ...request.headers, 'x-forwarded-proto': 'http', 'x-forwarded-host': `127.0.0.1:${port}` } },
    async (answer) => {
      let text = await read(answer);
      const headers = { ...answer.headers };
      if (request.url === '/token' && answer.statusCode === 200) {
        const given = JSON.parse(text);
        if (String(body).includes('grant_type=refresh_token')) asked.refreshed += 1;
        given.id_token = await changed(given.id_token);
        text = Buffer.from(JSON.stringify(given));
        headers['content-length'] = text.length;
      }
      delete headers['transfer-encoding'];
      response.writeHead(answer.statusCode, headers).end(text);
    },
  );
  passedOn.on('error', () => response.writeHead(502).end());
  passedOn.end(body);
});
outside.listen(port, '127.0.0.1', () => console.log(JSON.stringify({ issuer, secret })));
