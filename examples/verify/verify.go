// SPDX-License-Identifier: LGPL-2.1-or-later

// go run verify.go [SOCKET]: asks the verifier about the user and the code on standard input.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"
)

var statuses = map[string]int{"accepted": 0, "refused": 1, "limited": 4}

func verify(user, code, path string) (string, error) {
	request, _ := json.Marshal(map[string]interface{}{"method": "org.totpgroup.Verify.Verify",
		"parameters": map[string]string{"user": user, "code": code}})
	verifier, err := net.DialTimeout("unix", path, 10*time.Second)
	if err != nil {
		return "", err
	}
	defer verifier.Close()
	verifier.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err = verifier.Write(append(request, 0)); err != nil {
		return "", err
	}
	text, err := bufio.NewReader(io.LimitReader(verifier, 4096)).ReadBytes(0)
	if err != nil {
		return "", fmt.Errorf("incomplete or too long reply: %w", err)
	}
	var reply struct {
		Error      *string
		Parameters struct{ Result string }
	}
	err = json.Unmarshal(text[:len(text)-1], &reply)
	result := reply.Parameters.Result
	if _, known := statuses[result]; err != nil || reply.Error != nil || !known {
		return "", fmt.Errorf("no verdict: %q", text)
	}
	return result, nil
}

func main() {
	path := append(os.Args, "/run/totpgroup/verify")[1]
	input := bufio.NewReader(os.Stdin)
	user, _ := input.ReadString('\n')
	code, _ := input.ReadString('\n')
	result, err := verify(strings.TrimSuffix(user, "\n"), strings.TrimSuffix(code, "\n"), path)
	if err != nil {
		fmt.Fprintln(os.Stderr, "verify:", err)
		os.Exit(6)
	}
	fmt.Println(result)
	os.Exit(statuses[result])
}
