// An OpenID provider for tests: the people and clients of a file, its own pages for login and consent, any password.
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { Provider } from 'oidc-provider';

const { issuer, port, address, certificate, key, clients, people } = JSON.parse(readFileSync(process.argv[2], 'utf8'));

const signing = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' });
const account = (login) => ({
  accountId: login,
  claims: () => ({ sub: login, name: login, email_verified: true, ...people[login] }),
});

const provider = new Provider(issuer, {
  clients: clients.map(({ id, secret, redirects }) => ({
    client_id: id,
    client_secret: secret,
    redirect_uris: redirects,
  })),
  findAccount: (_, login) => (login in people ? account(login) : undefined),
  claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'], groups: ['groups'] },
  // Who shows an ID token as a bearer token has nothing else to show, so all claims are in it.
  conformIdTokenClaims: false,
  jwks: { keys: [{ ...signing, alg: 'RS256', use: 'sig', kid: randomUUID() }] },
  cookies: { keys: [randomUUID()] },
  pkce: { required: () => true },
  ttl: { IdToken: (_, token, client) => clients.find(({ id }) => id === client.clientId).seconds },
});

const pair = { cert: readFileSync(certificate), key: readFileSync(key) };
createServer(pair, provider.callback()).listen(port, address, () => console.log(`listening as ${issuer}`));
