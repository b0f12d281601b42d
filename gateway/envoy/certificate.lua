-- The first thing a request on the agencies' side meets. The TLS layer accepts any certificate, so that a refusal can
-- be an answer a person can read; this filter lets nothing pass that the TLS layer did not verify. Should the script
-- ever fail, the routes still demand a verified certificate, and the request ends in 404.
function envoy_on_request(handle)
  local ssl = handle:streamInfo():downstreamSslConnection()
  local check = nil
  if ssl == nil or not ssl:peerCertificatePresented() then
    check = "certificate_missing"
  elseif not ssl:peerCertificateValidated() then
    local expires = ssl:expirationPeerCertificate()
    if expires ~= nil and expires < os.time() then
      check = "certificate_expired"
    else
      check = "certificate_untrusted"
    end
  end
  if check ~= nil then
    handle:streamInfo():dynamicMetadata():set("anxin", "check", check)
    handle:respond({[":status"] = "401"}, check)
  elseif handle:headers():get("signature-input") ~= nil then
    -- Whoever signs his request (RFC 9421) does it with the key of this certificate: only then is it shown inside.
    handle:headers():replace("x-anxin-client-certificate", ssl:urlEncodedPemEncodedPeerCertificate())
  end
end
