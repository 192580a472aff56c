// Calls of the sandbox's own API.

async function call(method, path, body) {
  const options = { method };
  if (body instanceof FormData) {
    options.body = body;
  } else if (body !== undefined) {
    options.headers = { "Content-Type": "application/json" };
    options.body = JSON.stringify(body);
  }
  const response = await fetch(path, options);
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(answer.error || `the sandbox answered ${response.status}`);
  return answer;
}

const at = (channel, address) => `/sandbox/phones/${channel}/${encodeURIComponent(address)}`;

export const phones = () => call("GET", "/sandbox/phones");
export const thread = (channel, address) => call("GET", at(channel, address));
export const write = (channel, address, body) => call("POST", `${at(channel, address)}/messages`, body);
export const act = (channel, address, name, body = {}) => call("POST", `${at(channel, address)}/${name}`, body);
export const faults = () => call("GET", "/sandbox/faults");
export const addFault = (fault) => call("POST", "/sandbox/faults", fault);
export const clearFaults = () => call("DELETE", "/sandbox/faults");
