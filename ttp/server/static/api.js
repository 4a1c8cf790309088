// The forms of /docs: send a request to this server, and show its answer.
"use strict";

async function call(form) {
  const query = new URLSearchParams();
  const headers = { Accept: "application/json" };
  let path = form.dataset.path;
  for (const field of form.querySelectorAll("[data-in]")) {
    if (!field.value) continue;
    if (field.dataset.in === "path") {
      const value = field.value.split("/").map(encodeURIComponent).join("/");
      path = path.replace(`{${field.name}}`, value);
    } else if (field.dataset.in === "header") {
      headers[field.name] = field.value;
    } else {
      query.append(field.name, field.value);
    }
  }
  const token = document.getElementById("token").value.trim();
  if (token) headers.Authorization = `Bearer ${token}`;
  const request = { method: form.dataset.method, headers, credentials: "omit" };
  const body = form.elements.namedItem("body");
  if (form.dataset.kind === "application/json" && body.value.trim()) {
    headers["Content-Type"] = "application/json";
    request.body = body.value;
  } else if (form.dataset.kind === "multipart/form-data" && body.files.length) {
    request.body = new FormData();
    request.body.append("file", body.files[0]);
  } else if (form.dataset.kind === "application/octet-stream" && body.files.length) {
    headers["Content-Type"] = form.dataset.kind;
    request.body = body.files[0];
  }
  const answer = await fetch(query.size ? `${path}?${query}` : path, request);
  const text = await answer.text();
  const isJson = (answer.headers.get("Content-Type") || "").includes("json");
  return `${answer.status} ${answer.statusText}\n\n${isJson ? JSON.stringify(JSON.parse(text), null, 2) : text}`;
}

for (const form of document.querySelectorAll("form.call")) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const shown = form.querySelector("pre");
    shown.hidden = false;
    shown.textContent = "…";
    try {
      shown.textContent = await call(form);
    } catch (error) {
      shown.textContent = String(error);
    }
  });
}
for (const link of document.querySelectorAll('a[href^="#"]')) {
  link.addEventListener("click", () => {
    const target = document.getElementById(link.getAttribute("href").slice(1));
    if (target instanceof HTMLDetailsElement) target.open = true;
  });
}
