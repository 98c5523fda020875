# Builds the web page. The server does not need its tools.
FROM node:24-bookworm-slim AS page
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci
COPY tsconfig.json ./
COPY src/contract src/contract
COPY client client
RUN npx vite build --config client/vite.config.ts

FROM node:24-bookworm-slim
# Only a start without a role uses this Redis, as a plain `docker run` does.
RUN apt-get update && apt-get install -y --no-install-recommends redis-server && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY package.json package-lock.json ./
COPY src/setup/strip-*.mjs src/setup/
# One layer, so that the image never holds Chroma's debug symbols.
RUN npm ci --omit=dev && node src/setup/strip-chroma.mjs && npm cache clean --force
COPY src src
COPY --from=page /app/client/dist client/dist
# New volumes mounted here take these folders' owner.
RUN mkdir -p /data/blobs /data/keywords && chown -R node:node /data
ENV NODE_ENV=production DATA_DIR=/data
USER node
EXPOSE 8080
ENTRYPOINT ["node", "src/main.ts"]
