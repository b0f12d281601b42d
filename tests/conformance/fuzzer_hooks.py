"""What the fuzzer cannot know by itself: the upload protocol's own media type carries plain bytes."""

import schemathesis

schemathesis.serializer.alias("application/offset+octet-stream", "application/octet-stream")
