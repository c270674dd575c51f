#!/usr/bin/env bash
# Runs the server behind the two proxies of this folder, on loopback ports and
# in a temporary folder, and shows that everything arrives: pages, sign-in,
# forms, live updates, the widget, an upload of 20 MB, the carrier's callbacks,
# and the address of who asks.
#
#   make build && docs/proxy/check.sh
#
# It needs bash, curl and openssl, and of caddy and nginx those that are to be
# tried; it says which one is missing.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
binary=${CAMPAIGNS:-$here/../../bin/campaigns}
app=${PORT:-13400} secure=$((app + 1)) plain=$((app + 2))
host=desk.example.com url=https://$host:$secure
work=$(mktemp -d)
pids=()
finish() {
	for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
	wait 2>/dev/null || true
	rm -rf "$work"
}
trap finish EXIT

failed=0
expect() { # what, pattern, answer
	if [[ $3 =~ $2 ]]; then echo "  ok    $1"; else echo "  FAIL  $1: wanted $2, got: ${3:0:300}"; failed=1; fi
}

# ask is curl that finds the proxy under its public name. Its answer is the
# status, unless -i or the like say more.
ask() { curl -sS --max-time 60 --cacert "$work/cert.pem" --resolve "$host:$secure:127.0.0.1" "$@"; }
status() { ask -o /dev/null -w '%{http_code}' "$@"; }
form() { status -b "$work/jar" -c "$work/jar" -H "Origin: $url" "$@"; }
field() { sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p"; } # of a JSON answer
upgrade() { # answers with the first line and what came after it in two seconds
	ask -i -N --http1.1 --max-time 2 -H 'Connection: Upgrade' -H 'Upgrade: websocket' -H 'Sec-WebSocket-Version: 13' \
		-H 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==' "$@" 2>/dev/null | LC_ALL=C tr -cd '[:print:]\n' || true
}
waitfor() { for _ in $(seq 100); do curl -so /dev/null --max-time 1 "$1" 2>/dev/null && return; sleep 0.1; done; echo "nothing answers at $1"; cat "$work"/*.log; exit 1; }

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj "/CN=$host" \
	-addext "subjectAltName=DNS:$host" -keyout "$work/key.pem" -out "$work/cert.pem" 2>/dev/null

export CAMPAIGNS_DATA=$work/data CAMPAIGNS_ADDR=127.0.0.1:$app CAMPAIGNS_URL=$url CAMPAIGNS_TRUSTED_PROXIES=127.0.0.1
token=$("$binary" setup --account Proxy --plan growth --email owner@example.com --password-stdin <<<'correct horse battery' | field api_token)
"$binary" serve >"$work/server.log" 2>&1 &
pids+=($!)
waitfor "http://127.0.0.1:$app/readyz"

{ echo name,phone,email; awk 'BEGIN { for (i = 0; i < 450000; i++) printf "Person number %d,,person%07d@people.example\n", i, i }'; } >"$work/people.csv"
echo "The file to upload has $(($(stat -c %s "$work/people.csv") >> 20)) MB."

check() {
	api() { ask -H "Authorization: Bearer $token" -H 'Content-Type: application/json' "$@"; }
	rm -f "$work/jar"
	expect 'a page' '^200$' "$(status "$url/login")"
	expect 'http leads to https' '^30[18] https://' "$(curl -sS -o /dev/null -w '%{http_code} %{redirect_url}' -H "Host: $host" "http://127.0.0.1:$plain/login")"
	expect 'sign-in' '^303$' "$(form "$url/login" -d email=owner@example.com --data-urlencode 'password=correct horse battery')"
	expect 'the cookie is for https alone' '__Host-session' "$(cat "$work/jar")"
	csrf=$(ask -b "$work/jar" "$url/contacts/new" | grep -o 'name="csrf" value="[^"]*"' | sed -n '1s/.*value="\(.*\)"/\1/p')
	expect 'a form' '^303$' "$(form "$url/contacts" -d "csrf=$csrf" -d "name=Ada of $1")"
	expect 'a form without its token' '^403$' "$(form "$url/contacts" -d 'name=Eve')"
	expect 'a form from another site' '^403$' "$(status -b "$work/jar" -H 'Origin: https://evil.example' "$url/contacts" -d "csrf=$csrf" -d 'name=Eve')"
	expect 'live updates' '^HTTP/1.1 101 .*hx-partial' "$(upgrade -b "$work/jar" -H "Origin: $url" "$url/live")"
	expect 'no live updates for other sites' '^HTTP/1.1 403' "$(upgrade -b "$work/jar" -H 'Origin: https://evil.example' "$url/live")"
	expect 'upload of 20 MB on the page' '^303$' "$(form -F "file=@$work/people.csv;type=text/csv" "$url/contacts/import?csrf=$csrf")"
	expect 'upload of 20 MB over the API' '^202$' "$(status -H "Authorization: Bearer $token" -H 'Content-Type: text/csv' --data-binary "@$work/people.csv" "$url/api/v1/contacts/import")"

	inbox=$(api "$url/api/v1/inboxes" -d '{"kind":"website","name":"Shop","domains":["shop.example"]}')
	key=$(field key <<<"$inbox")
	expect 'the widget' '^200$' "$(status "$url/widget.js")"
	visitor=$(ask -H 'Origin: https://shop.example' "$url/widget/v1/message" -d "{\"inbox\":\"$key\",\"text\":\"Hello\",\"client_id\":\"the-first-message-$1\"}" | field token)
	ticket=$(ask -H 'Origin: https://shop.example' "$url/widget/v1/ticket" -d "{\"inbox\":\"$key\",\"token\":\"$visitor\"}" | field ticket)
	expect 'live updates of the widget' '^HTTP/1.1 101 .*"type":"ready"' "$(upgrade -H 'Origin: https://shop.example' "$url/widget/v1/live?ticket=$ticket")"

	inbox=$(api "$url/api/v1/inboxes" -d '{"kind":"sms","name":"Texts '"$1"'","number":"'"$2"'","auth_id":"MAPROXY","auth_token":"secret","messages_per_second":1}')
	callback=$(field callback_url <<<"$inbox") nonce=$RANDOM$RANDOM$RANDOM$RANDOM
	text=(-d "MessageUUID=$nonce&From=16465550101&To=${2#+}&Text=Hello")
	signature=$(printf %s "$callback$nonce" | openssl dgst -sha256 -hmac secret -binary | base64)
	expect 'a callback of the carrier' '^200$' "$(status "$callback" -H "X-Plivo-Signature-V2: $signature" -H "X-Plivo-Signature-V2-Nonce: $nonce" "${text[@]}")"
	expect 'a callback of a stranger' '^403$' "$(status "$callback" -H "X-Plivo-Signature-V2: $signature" -H "X-Plivo-Signature-V2-Nonce: 1" "${text[@]}")"
	expect 'the metrics stay inside' '^403$' "$(status "$url/metrics")"

	# Guesses from one address slow that address down, whatever it claims.
	for i in $(seq 25); do
		guess=$(status -H "X-Forwarded-For: 198.51.100.$i" -H "Origin: $url" "$url/login" -d "email=guess$i-$1@example.com" -d password=wrong)
	done
	expect 'somebody who guesses passwords waits' '^429$' "$guess"
	expect 'nobody else does' '^303$' "$(status --interface 127.0.0.2 -H "Origin: $url" "$url/login" -d email=owner@example.com --data-urlencode 'password=correct horse battery')"
}

tried=0
if command -v caddy >/dev/null; then
	echo "Caddy $(caddy version | cut -d' ' -f1)"
	# A certificate of our own and ports that need no rights; the rest is the file as it is.
	{ printf '{\n\tadmin off\n\thttp_port %s\n\thttps_port %s\n}\n' "$plain" "$secure"
		sed -e "s|^$host {|&\n\ttls $work/cert.pem $work/key.pem|" -e "s|127.0.0.1:3000|127.0.0.1:$app|" "$here/Caddyfile"; } >"$work/Caddyfile"
	HOME=$work XDG_DATA_HOME=$work XDG_CONFIG_HOME=$work caddy run --adapter caddyfile --config "$work/Caddyfile" >"$work/caddy.log" 2>&1 &
	proxy=$!
	pids+=($proxy)
	waitfor "http://127.0.0.1:$plain/"
	check caddy +16465550110
	kill $proxy && wait $proxy 2>/dev/null || true
	tried=$((tried + 1))
else
	echo "Caddy is not installed here, so it was not tried."
fi
if command -v nginx >/dev/null; then
	echo "nginx $(nginx -v 2>&1 | cut -d/ -f2)"
	sed -e "s|listen 80;|listen 127.0.0.1:$plain;|" -e "s|listen 443 ssl;|listen 127.0.0.1:$secure ssl;|" -e "s|127.0.0.1:3000|127.0.0.1:$app|" \
		-e "s|/etc/letsencrypt/live/$host/fullchain.pem|$work/cert.pem|" -e "s|/etc/letsencrypt/live/$host/privkey.pem|$work/key.pem|" "$here/nginx.conf" >"$work/site.conf"
	cat >"$work/nginx.conf" <<-END
		daemon off;
		pid $work/nginx.pid;
		error_log $work/nginx.log;
		events {}
		http {
			access_log off;
			client_body_temp_path $work/body;
			proxy_temp_path $work/proxy;
			fastcgi_temp_path $work/fastcgi;
			uwsgi_temp_path $work/uwsgi;
			scgi_temp_path $work/scgi;
			include $work/site.conf;
		}
	END
	# Who guessed passwords behind the other proxy is forgiven by a restart.
	kill "${pids[0]}" && wait "${pids[0]}" 2>/dev/null || true
	"$binary" serve >>"$work/server.log" 2>&1 &
	pids+=($!)
	waitfor "http://127.0.0.1:$app/readyz"
	nginx -p "$work" -c "$work/nginx.conf" 2>>"$work/nginx.log" &
	pids+=($!)
	waitfor "http://127.0.0.1:$plain/"
	check nginx +16465550111
	tried=$((tried + 1))
else
	echo "nginx is not installed here, so it was not tried."
fi
if [ $failed != 0 ]; then cat "$work"/*.log; exit 1; fi
if [ $tried = 0 ]; then echo "Nothing was tried."; exit 1; fi
