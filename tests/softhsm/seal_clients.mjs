// SPDX-License-Identifier: Apache-2.0
// Sends a sealed file with the service's own client to a server on this host, which takes it as the
// service would: it unwraps what arrives, and compares the key.
//
//   seal_clients.mjs SERVICE FILE WRAPPING-KEY TLS-KEY TLS-CERTIFICATE WANTED
//
// WANTED is the value of a secret in hexadecimal, or the file of a public key in DER. The clients are
// in node_modules of the current folder; NODE_EXTRA_CA_CERTS names the certificate.
import crypto from 'node:crypto';
import fs from 'node:fs';
import https from 'node:https';
import { createRequire } from 'node:module';

const [service, file, wrapping, tlsKey, tlsCertificate, wanted] = process.argv.slice(2);
const need = createRequire(`${process.cwd()}/package.json`);
const sealed = fs.readFileSync(file);
const token = crypto.randomBytes(64);

const pair = crypto.createPrivateKey(fs.readFileSync(wrapping));
const octets = pair.asymmetricKeyDetails.modulusLength / 8;

function unwrap(blob) {
    const kek = crypto.privateDecrypt(
        { key: pair, padding: crypto.constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha1' },
        blob.subarray(0, octets));
    if (blob.length === octets)
        return kek;
    const cipher = crypto.createDecipheriv('id-aes256-wrap-pad', kek, Buffer.from('A65959A6', 'hex'));
    return Buffer.concat([cipher.update(blob.subarray(octets)), cipher.final()]);
}

function isWanted(key) {
    if (/^[0-9a-f]+$/.test(wanted))
        return key.toString('hex') === wanted;
    const half = crypto.createPublicKey(
        crypto.createPrivateKey({ key, format: 'der', type: 'pkcs8' }));
    return half.equals(crypto.createPublicKey(
        { key: fs.readFileSync(wanted), format: 'der', type: 'spki' }));
}

// Of each service: what the client sends, and where the server finds the ciphertext.
const services = {
    'aws-kms': {
        send(url) {
            const { KMSClient, ImportKeyMaterialCommand } = need('@aws-sdk/client-kms');
            const client = new KMSClient({
                endpoint: url, region: 'local', credentials: { accessKeyId: 'a', secretAccessKey: 'b' } });
            return client.send(new ImportKeyMaterialCommand({
                KeyId: '1234abcd-12ab-34cd-56ef-1234567890ab', ImportToken: token,
                EncryptedKeyMaterial: sealed, ExpirationModel: 'KEY_MATERIAL_DOES_NOT_EXPIRE' }));
        },
        blob(body, headers) {
            if (headers['x-amz-target'] !== 'TrentService.ImportKeyMaterial' ||
                body.ImportToken !== token.toString('base64'))
                throw new Error('no ImportKeyMaterial with its token');
            return Buffer.from(body.EncryptedKeyMaterial, 'base64');
        },
        answer: () => ({}),
    },
    'gcp-kms': {
        send(url) {
            const { KeyManagementServiceClient } = need('@google-cloud/kms');
            const { OAuth2Client } = need('google-auth-library');
            const authClient = new OAuth2Client();
            authClient.setCredentials({ access_token: 't', expiry_date: Date.now() + 3600000 });
            const client = new KeyManagementServiceClient({
                fallback: 'rest', apiEndpoint: 'localhost', port: Number(new URL(url).port), authClient,
                projectId: 'p', universeDomain: 'googleapis.com' });
            const parent = 'projects/p/locations/l/keyRings/r/cryptoKeys/k';
            return client.importCryptoKeyVersion({
                parent, algorithm: 'AES_256_GCM', importJob: 'projects/p/locations/l/keyRings/r/importJobs/j',
                wrappedKey: sealed });
        },
        blob: (body) => Buffer.from(body.wrappedKey ?? body.rsaAesWrappedKey, 'base64'),
        answer: () => ({ name: 'projects/p/locations/l/keyRings/r/cryptoKeys/k/cryptoKeyVersions/1' }),
    },
    'azure-byok': {
        send(url) {
            const { KeyClient } = need('@azure/keyvault-keys');
            const getToken = async () => ({ token: 't', expiresOnTimestamp: Date.now() + 3600000 });
            const client = new KeyClient(url, { getToken }, {
                disableChallengeResourceVerification: true, retryOptions: { maxRetries: 0 } });
            return client.importKey('k', { kty: 'RSA-HSM', t: sealed }, { hardwareProtected: true });
        },
        blob(body) {
            const byok = JSON.parse(Buffer.from(body.key.key_hsm, 'base64url'));
            if (byok.schema_version !== '1.0.0' || byok.header.enc !== 'CKM_RSA_AES_KEY_WRAP')
                throw new Error('not the form of Azure');
            return Buffer.from(byok.ciphertext, 'base64url');
        },
        challenge: 'Bearer authorization="https://login.local/t", resource="https://vault.local"',
        answer: (url) => ({ key: { kid: `${url}/keys/k/1`, kty: 'RSA-HSM' },
                            attributes: { enabled: true, created: 1, updated: 1 } }),
    },
    'vault-transit': {
        send(url) {
            const vault = need('node-vault')({ endpoint: url, token: 't' });
            return vault.write('transit/keys/k/import', {
                type: 'aes256-gcm96', hash_function: 'SHA1', ciphertext: sealed.toString() });
        },
        blob: (body) => Buffer.from(body.ciphertext, 'base64'),
        answer: () => ({}),
    },
};

const it = services[service];
let arrived = null;

const server = https.createServer(
    { key: fs.readFileSync(tlsKey), cert: fs.readFileSync(tlsCertificate) }, async (request, response) => {
        const parts = [];
        for await (const part of request)
            parts.push(part);
        const url = `https://localhost:${server.address().port}`;
        response.setHeader('content-type', 'application/json');
        if (it.challenge && !request.headers.authorization) {
            response.setHeader('www-authenticate', it.challenge);
            response.statusCode = 401;
            response.end('{}');
            return;
        }
        try {
            arrived = unwrap(it.blob(JSON.parse(Buffer.concat(parts)), request.headers));
            response.end(JSON.stringify(it.answer(url)));
        } catch (error) {
            console.error(String(error));
            response.statusCode = 400;
            response.end('{}');
        }
    });

server.listen(0, '127.0.0.1', async () => {
    try {
        await it.send(`https://localhost:${server.address().port}`);
    } catch (error) {
        console.error(error);
    }
    const ok = arrived !== null && isWanted(arrived);
    console.log(`${service}: ${ok ? 'the service has the key' : 'the service does not have the key'}`);
    process.exit(ok ? 0 : 1);
});
