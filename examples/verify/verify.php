<?php
// SPDX-License-Identifier: LGPL-2.1-or-later
// php verify.php [SOCKET]: asks the verifier about the user and the code on standard input.
declare(strict_types=1);

const STATUSES = ['accepted' => 0, 'refused' => 1, 'limited' => 4];

function verify(string $user, string $code, string $path = '/run/totpgroup/verify'): string
{
    $request = ['method' => 'org.totpgroup.Verify.Verify',
                'parameters' => ['user' => $user, 'code' => $code]];
    $verifier = @stream_socket_client("unix://$path", $number, $error, 10)
        ?: throw new RuntimeException("$path: $error");
    stream_set_timeout($verifier, 10);
    fwrite($verifier, json_encode($request, JSON_THROW_ON_ERROR) . "\0");
    $reply = '';
    while (!str_ends_with($reply, "\0")) {
        $received = fread($verifier, 4096);
        if ($received === false || $received === '' || strlen($reply) > 4096) {
            throw new RuntimeException("$path: incomplete or too long reply");
        }
        $reply .= $received;
    }
    $reply = json_decode(substr($reply, 0, -1), true, 8, JSON_THROW_ON_ERROR);
    $result = $reply['parameters']['result'] ?? null;
    if (isset($reply['error']) || !is_string($result) || !isset(STATUSES[$result])) {
        throw new RuntimeException("$path: no verdict: " . json_encode($reply));
    }
    return $result;
}

try {
    $result = verify(rtrim((string) fgets(STDIN), "\n"), rtrim((string) fgets(STDIN), "\n"),
                     ...array_slice($argv, 1));
} catch (RuntimeException | JsonException $error) {
    fwrite(STDERR, "verify: {$error->getMessage()}\n");
    exit(6);
}
echo "$result\n";
exit(STATUSES[$result]);
